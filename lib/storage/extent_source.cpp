#include "storage/extent_source.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

class OpenExtents final : public OpenContent {
  public:
    OpenExtents(std::shared_ptr<const ExtentSource> source, std::unique_ptr<OpenContent> image,
                const std::vector<Range>& places)
        : source_(std::move(source)), image_(std::move(image)) {
        std::uint64_t begin = 0;
        for (const Range& place : places) {
            places_.push_back({begin, place});
            begin += place.size();
        }
        size_ = begin;
    }

    void read(std::uint64_t offset, MutableBytes out) override {
        if (offset > size_ || out.size() > size_ - offset)
            throw Error(ErrorCode::internal, "a read beyond the end of a file in " + source_->name());
        auto place = std::upper_bound(places_.begin(), places_.end(), offset,
                                      [](std::uint64_t at, const Place& p) { return at < p.begin; });
        for (--place; !out.empty(); ++place) {
            const std::uint64_t inside = offset - place->begin;
            const auto part = static_cast<std::size_t>(
                std::min<std::uint64_t>(out.size(), place->bytes.size() - inside));
            image_->read(place->bytes.begin + inside, out.first(part));
            out = out.subspan(part);
            offset += part;
        }
    }
    void check_unchanged() override { image_->check_unchanged(); }

  private:
    struct Place {
        std::uint64_t begin;  ///< in the content
        Range bytes;          ///< in the image
    };

    std::shared_ptr<const ExtentSource> source_;
    std::unique_ptr<OpenContent> image_;
    std::vector<Place> places_;
    std::uint64_t size_ = 0;
};

}  // namespace

Content ExtentSource::add(std::vector<Range> places) {
    std::uint64_t size = 0;
    for (const Range& place : places) size = checked_add(size, place.size());
    contents_.push_back(std::move(places));
    return {shared_from_this(), contents_.size() - 1, size};
}

std::unique_ptr<OpenContent> ExtentSource::open(std::uint64_t position) const {
    return std::make_unique<OpenExtents>(shared_from_this(), image_->open(0),
                                         contents_.at(static_cast<std::size_t>(position)));
}

}  // namespace rpixen
