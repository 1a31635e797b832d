#include "flash/part_reader.hpp"

#include "base/beside.hpp"
#include "flash/card_parts.hpp"

namespace rpixen {

PartReader::PartReader(std::vector<Range> parts, Read read)
    : parts_(std::move(parts)), read_(std::move(read)), buffers_{PageBuffer(largest_part), PageBuffer(largest_part)} {
    begin(0);
}

void PartReader::begin(std::size_t index) {
    if (index == parts_.size()) return;
    const Range place = parts_[index];
    const MutableBytes out = buffers_[index % 2].first(static_cast<std::size_t>(place.size()));
    reading_ = beside([this, place, out] { read_(place, out); });
}

std::optional<PartReader::Part> PartReader::next() {
    if (next_ == parts_.size()) return std::nullopt;
    reading_.get();
    const std::size_t index = next_++;
    begin(next_);
    return Part{parts_[index], buffers_[index % 2].first(static_cast<std::size_t>(parts_[index].size()))};
}

}  // namespace rpixen
