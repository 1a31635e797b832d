#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/size.hpp"
#include "fs/ext4/io.hpp"
#include "storage/content.hpp"

namespace rpixen::ext4 {

/// A part of an image, read only, with what was read last kept: inodes and directories are asked for block by
/// block.
class ImageMedium final : public Medium {
  public:
    ImageMedium(const ContentSource& image, Range range) : image_(image.open(0)), range_(range), chunks_(chunk_count) {}

    bool read(std::uint64_t offset, MutableBytes bytes) override;
    bool write(std::uint64_t, ByteView) override { return false; }
    bool clear(std::uint64_t, std::uint64_t) override { return false; }

  private:
    static constexpr std::size_t chunk_size = 64 * 1024;
    static constexpr std::size_t chunk_count = 128;

    struct Chunk {
        std::uint64_t number = ~std::uint64_t{0};
        Bytes bytes;
    };

    ByteView chunk_of(std::uint64_t number);

    std::unique_ptr<OpenContent> image_;
    Range range_;
    std::vector<Chunk> chunks_;
};

}  // namespace rpixen::ext4
