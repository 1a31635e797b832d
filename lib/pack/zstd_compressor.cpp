#include <zstd.h>

#include <new>

#include "base/handle.hpp"
#include "pack/block_compressor.hpp"

namespace rpixen {
namespace {

using CompressionContext = Handle<ZSTD_CCtx, ZSTD_freeCCtx>;

class ZstdCompressor final : public BlockCompressor {
  public:
    CompressedBlock compress(ByteView block) const override {
        const CompressionContext context(ZSTD_createCCtx());
        if (!context) throw std::bad_alloc();
        constexpr int level = 3;
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
        CompressedBlock made;
        made.size = block.size();
        made.bytes.resize(ZSTD_compressBound(block.size()));
        const std::size_t used = ZSTD_compress2(context.get(), made.bytes.data(), made.bytes.size(), block.data(),
                                                block.size());
        if (ZSTD_isError(used) != 0) throw std::bad_alloc();  // all that can fail where the room is enough
        made.bytes.resize(used);
        return made;
    }

    void follow(const CompressedBlock&) override { has_frame_ = true; }

    /// A file without a frame is no zstd file, so that one of nothing has an empty one.
    Bytes finish() override { return has_frame_ ? Bytes() : compress({}).bytes; }

  private:
    bool has_frame_ = false;
};

}  // namespace

std::unique_ptr<BlockCompressor> zstd_compressor() {
    return std::make_unique<ZstdCompressor>();
}

}  // namespace rpixen
