#include "storage/partition_output.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "storage/copy_range.hpp"

namespace rpixen {

void PartitionOutput::check(std::uint64_t offset, std::uint64_t length) const {
    if (offset > size() || length > size() - offset)
        throw Error(ErrorCode::internal, "a file system would be written beyond its partition");
}

void PartitionOutput::write(std::uint64_t offset, ByteView bytes) {
    check(offset, bytes.size());
    output_.write(range_.begin + offset, bytes);
    bytes_written_ += bytes.size();
}

void PartitionOutput::read(std::uint64_t offset, MutableBytes bytes) const {
    check(offset, bytes.size());
    pread_exactly(output_.descriptor(), range_.begin + offset, bytes, output_.path());
}

bool PartitionOutput::share(std::uint64_t offset, int descriptor, std::uint64_t from, std::uint64_t length) {
    check(offset, length);
    return share_range(descriptor, from, output_.descriptor(), range_.begin + offset, length);
}

void PartitionOutput::clear(std::uint64_t offset, std::uint64_t length) {
    check(offset, length);
    if (length != 0) output_.punch(range_.begin + offset, length);
}

MutableBytes BlockWriter::block(std::uint32_t block) {
    constexpr std::size_t size = 4096;
    if (used_ == buffer_.size() || (used_ != 0 && block != first_ + used_ / size)) flush();
    if (used_ == 0) first_ = block;
    const MutableBytes place = MutableBytes(buffer_).subspan(used_, size);
    std::ranges::fill(place, std::byte{0});
    used_ += size;
    return place;
}

void BlockWriter::flush() {
    if (used_ != 0) partition_.write(std::uint64_t{first_} * 4096, ByteView(buffer_).first(used_));
    used_ = 0;
}

}  // namespace rpixen
