#include <lzma.h>

#include <array>
#include <new>

#include "base/handle.hpp"
#include "pack/block_compressor.hpp"

namespace rpixen {
namespace {

void free_index(lzma_index* index) {
    lzma_index_end(index, nullptr);
}
using Index = Handle<lzma_index, free_index>;

/// All that can fail here is memory: filters and sizes are ours.
void check(lzma_ret result) {
    if (result != LZMA_OK) throw std::bad_alloc();
}

class XzCompressor final : public BlockCompressor {
  public:
    XzCompressor() : index_(lzma_index_init(nullptr)) {
        if (!index_) throw std::bad_alloc();
    }

    Bytes start() override {
        Bytes header(LZMA_STREAM_HEADER_SIZE);
        lzma_stream_flags flags = stream_flags();
        check(lzma_stream_header_encode(&flags, place(header)));
        return header;
    }

    CompressedBlock compress(ByteView bytes) const override {
        lzma_options_lzma options{};
        if (lzma_lzma_preset(&options, LZMA_PRESET_DEFAULT) != 0) throw std::bad_alloc();
        std::array<lzma_filter, 2> filters{{{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}}};
        lzma_block block{};
        block.check = check_kind;
        block.filters = filters.data();
        CompressedBlock made;
        made.size = bytes.size();
        made.bytes.resize(lzma_block_buffer_bound(bytes.size()));
        std::size_t used = 0;
        check(lzma_block_buffer_encode(&block, nullptr, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                       bytes.size(), place(made.bytes), &used, made.bytes.size()));
        made.bytes.resize(used);
        made.unpadded = lzma_block_unpadded_size(&block);
        return made;
    }

    void follow(const CompressedBlock& block) override {
        check(lzma_index_append(index_.get(), nullptr, block.unpadded, block.size));
    }

    Bytes finish() override {
        const auto index_size = static_cast<std::size_t>(lzma_index_size(index_.get()));
        Bytes end(index_size + LZMA_STREAM_HEADER_SIZE);
        std::size_t used = 0;
        check(lzma_index_buffer_encode(index_.get(), place(end), &used, end.size()));
        lzma_stream_flags flags = stream_flags();
        flags.backward_size = index_size;
        check(lzma_stream_footer_encode(&flags, place(end) + used));
        return end;
    }

  private:
    static constexpr lzma_check check_kind = LZMA_CHECK_CRC64;

    static std::uint8_t* place(Bytes& bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }
    static lzma_stream_flags stream_flags() {
        lzma_stream_flags flags{};
        flags.check = check_kind;
        return flags;
    }

    Index index_;
};

}  // namespace

std::unique_ptr<BlockCompressor> xz_compressor() {
    return std::make_unique<XzCompressor>();
}

}  // namespace rpixen
