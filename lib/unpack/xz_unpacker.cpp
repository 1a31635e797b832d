#include <lzma.h>

#include <algorithm>
#include <new>
#include <thread>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {
namespace {

// liblzma unpacks blocks beside each other while all of them take no more than this, and one after the other otherwise
// (lzma/container.h, lzma_mt.memlimit_threading). A block of `xz -T0 -6` takes some 50 MiB: its packed and its unpacked
// bytes and the dictionary.
constexpr std::uint64_t memory_of_threads = 256 * MiB;
constexpr unsigned most_threads = 4;

/// The .xz format, any number of streams with padding between them. What follows the last one is passed over.
class XzUnpacker final : public Unpacker {
  public:
    explicit XzUnpacker(ReadPacked read) : read_(std::move(read)) { begin_stream(); }
    ~XzUnpacker() override { ::lzma_end(&stream_); }
    XzUnpacker(const XzUnpacker&) = delete;
    XzUnpacker& operator=(const XzUnpacker&) = delete;

    std::size_t read(MutableBytes out) override {
        stream_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
        stream_.avail_out = out.size();
        while (stream_.avail_out != 0 && !ended_) {
            if (stream_.avail_in == 0 && !finishing_) finishing_ = !refill();
            const lzma_ret result = ::lzma_code(&stream_, finishing_ ? LZMA_FINISH : LZMA_RUN);
            if (result == LZMA_STREAM_END)
                next_stream();
            else if (result != LZMA_OK)
                fail(result);
        }
        return out.size() - stream_.avail_out;
    }

  private:
    void begin_stream() {
        lzma_mt options{};
        options.threads = std::clamp(std::thread::hardware_concurrency(), 1U, most_threads);
        options.memlimit_threading = memory_of_threads;
        options.memlimit_stop = UINT64_MAX;  // a dictionary is touched only as far as the data go
        if (::lzma_stream_decoder_mt(&stream_, &options) != LZMA_OK) throw std::bad_alloc();
    }

    bool refill() {
        const ByteView part = read_();
        stream_.next_in = reinterpret_cast<const std::uint8_t*>(part.data());
        stream_.avail_in = part.size();
        return !part.empty();
    }

    /// Goes on only where another stream's magic stands behind zeros, as many as four go into
    /// (xz-file-format.txt, 2.2).
    void next_stream() {
        constexpr std::uint8_t magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
        std::uint64_t zeros = 0;
        std::size_t matched = 0;
        while (matched < sizeof(magic)) {
            if (stream_.avail_in == 0 && !refill()) {
                ended_ = true;
                return;
            }
            const std::uint8_t byte = *stream_.next_in;
            if (byte == 0 && matched == 0)
                ++zeros;
            else if (byte == magic[matched] && zeros % 4 == 0)
                ++matched;
            else {
                ended_ = true;
                return;
            }
            ++stream_.next_in;
            --stream_.avail_in;
        }
        // The magic may have stood across two pieces, so liblzma gets it from here.
        const std::uint8_t* const next = stream_.next_in;
        const std::size_t left = stream_.avail_in;
        begin_stream();
        stream_.next_in = magic;
        stream_.avail_in = sizeof(magic);
        if (const lzma_ret result = ::lzma_code(&stream_, LZMA_RUN); result != LZMA_OK) fail(result);
        stream_.next_in = next;
        stream_.avail_in = left;
    }

    [[noreturn]] static void fail(lzma_ret result) {
        if (result == LZMA_MEM_ERROR) throw std::bad_alloc();
        const char* reason = result == LZMA_OPTIONS_ERROR ? "filters or options that are not known"
                             : result == LZMA_BUF_ERROR   ? "the data end early"
                                                          : "damaged data";
        throw Error(ErrorCode::artifact, "it cannot be unpacked: its xz data are damaged or end early", reason, {},
                    "fetch or make it again");
    }

    ReadPacked read_;
    lzma_stream stream_ = LZMA_STREAM_INIT;
    bool finishing_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> xz_unpacker(ReadPacked read) {
    return std::make_unique<XzUnpacker>(std::move(read));
}

}  // namespace rpixen
