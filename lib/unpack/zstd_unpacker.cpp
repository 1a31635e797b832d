#include <zstd.h>
#include <zstd_errors.h>

#include <limits>
#include <new>

#include <rpixen/error.hpp>

#include "base/handle.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {
namespace {

using DecompressionContext = Handle<ZSTD_DCtx, ZSTD_freeDCtx>;

// What `zstd --long=31 --ultra` writes, 2 GiB. A frame's window is memory that is touched only as far as the
// data go.
constexpr int largest_window = sizeof(std::size_t) == 4 ? 30 : 31;

/// RFC 8878, any number of frames, skippable ones too.
class ZstdUnpacker final : public Unpacker {
  public:
    explicit ZstdUnpacker(ReadPacked read) : read_(std::move(read)), context_(ZSTD_createDCtx()) {
        if (!context_) throw std::bad_alloc();
        check(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, largest_window));
    }

    std::size_t read(MutableBytes out) override {
        ZSTD_outBuffer made{out.data(), out.size(), 0};
        while (made.pos < made.size) {
            const std::size_t before = made.pos;
            const std::size_t used = in_.pos;
            // It may hold back what had no room, so it is asked before new input is fetched.
            const std::size_t hint = ZSTD_decompressStream(context_.get(), &made, &in_);
            check(hint);
            if (in_.pos != used || made.pos != before) inside_frame_ = hint != 0;
            if (made.pos != before || in_.pos != in_.size) continue;
            const ByteView part = read_();
            if (part.empty()) {
                if (inside_frame_) fail("the data end early");
                break;
            }
            in_ = {part.data(), part.size(), 0};
        }
        return made.pos;
    }

  private:
    void check(std::size_t result) const {
        if (ZSTD_isError(result) == 0) return;
        const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
        if (code == ZSTD_error_frameParameter_windowTooLarge || code == ZSTD_error_memory_allocation)
            throw Error(ErrorCode::artifact, "its zstd data need a larger window than can be had",
                        code == ZSTD_error_memory_allocation ? "too little memory" : "more than 2GiB",
                        "a window of at most 2GiB, and as much memory",
                        "pack it again without --long, or with --long=27");
        fail(ZSTD_getErrorName(result));
    }

    [[noreturn]] static void fail(const std::string& reason) {
        throw Error(ErrorCode::artifact, "it cannot be unpacked: its zstd data are damaged or end early", reason, {},
                    "fetch or make it again");
    }

    ReadPacked read_;
    DecompressionContext context_;
    ZSTD_inBuffer in_{nullptr, 0, 0};
    bool inside_frame_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> zstd_unpacker(ReadPacked read) {
    return std::make_unique<ZstdUnpacker>(std::move(read));
}

}  // namespace rpixen
