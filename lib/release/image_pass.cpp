#include "release/image_pass.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "pack/pack_stream.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {
namespace {

/// Takes the digests of runs of blocks out of bytes that come in order.
class RangeDigests {
  public:
    explicit RangeDigests(const std::vector<Range>& blocks) {
        for (const Range& range : blocks) ranges_.push_back({range, {}});
    }

    void take(std::uint64_t offset, ByteView bytes) {
        const std::uint64_t end = offset + bytes.size();
        while (current_ < ranges_.size()) {
            const Range blocks = ranges_[current_].blocks;
            const std::uint64_t from = std::max(offset, blocks.begin * Bmap::block_size);
            const std::uint64_t to = std::min(end, blocks.end * Bmap::block_size);
            if (from < to) digest_.update(bytes.subspan(from - offset, to - from));
            if (blocks.end * Bmap::block_size > end) return;
            close();
        }
    }

    /// The last range may end within a block that the image does not fill.
    std::vector<BmapRange> finish() {
        if (current_ < ranges_.size()) close();
        return std::move(ranges_);
    }

  private:
    void close() {
        ranges_[current_++].digest = digest_.finish();
        digest_ = Sha256();
    }

    std::vector<BmapRange> ranges_;
    std::size_t current_ = 0;
    Sha256 digest_;
};

}  // namespace

ImagePass pass_over(const OutputFile& image, std::uint64_t size, const std::vector<Range>& mapped,
                    Compression compression, OutputFile* packed, unsigned threads, const Supervision& supervision) {
    ImagePass pass;
    Sha256 whole;
    Sha256 of_packed;
    RangeDigests ranges(bmap_blocks(mapped, size));
    const auto write = [&](ByteView bytes) {
        if (!packed) return;
        packed->write(pass.packed_size, bytes);
        of_packed.update(bytes);
        pass.packed_size += bytes.size();
    };
    PackStream stream(packed ? compression : Compression::none, threads, write);
    supervision.begin(Phase::packing, size);
    for (std::uint64_t offset = 0; offset < size; offset += BlockCompressor::block_size) {
        supervision.check();
        Bytes block = stream.take_buffer();
        block.resize(static_cast<std::size_t>(std::min(BlockCompressor::block_size, size - offset)));
        pread_exactly(image.descriptor(), offset, block, image.path());
        whole.update(block);
        ranges.take(offset, block);
        stream.add(std::move(block));
        supervision.advance(offset);
    }
    stream.finish();
    pass.image_sha256 = hex(whole.finish());
    pass.map = {size, ranges.finish()};
    if (packed) pass.packed_sha256 = hex(of_packed.finish());
    return pass;
}

}  // namespace rpixen
