#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// Contents that lie in several places of an image.
class ExtentSource final : public ContentSource, public std::enable_shared_from_this<ExtentSource> {
  public:
    explicit ExtentSource(ContentSourcePtr image) : image_(std::move(image)) {}

    /// Takes in a content whose bytes are those of `places` (byte ranges of the image) one after another.
    Content add(std::vector<Range> places);

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return image_->name(); }

  private:
    ContentSourcePtr image_;
    std::vector<std::vector<Range>> contents_;
};

}  // namespace rpixen
