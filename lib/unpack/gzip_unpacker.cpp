#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include <rpixen/error.hpp>

#include "unpack/unpacker.hpp"

namespace rpixen {
namespace {

/// RFC 1952, any number of members one after another.
class GzipUnpacker final : public Unpacker {
  public:
    GzipUnpacker(ReadPacked read, bool last) : read_(std::move(read)), last_(last) {
        constexpr int gzip_window = 15 + 16;  // zlib.h, inflateInit2: a gzip header and trailer are expected
        if (::inflateInit2(&stream_, gzip_window) != Z_OK) throw std::bad_alloc();
    }
    ~GzipUnpacker() override { ::inflateEnd(&stream_); }
    GzipUnpacker(const GzipUnpacker&) = delete;
    GzipUnpacker& operator=(const GzipUnpacker&) = delete;

    std::size_t read(MutableBytes out) override {
        std::size_t done = 0;
        while (done < out.size() && !ended_) {
            const std::size_t room = std::min<std::size_t>(out.size() - done, std::numeric_limits<uInt>::max());
            stream_.next_out = reinterpret_cast<Bytef*>(out.data() + done);
            stream_.avail_out = static_cast<uInt>(room);
            const int result = ::inflate(&stream_, Z_NO_FLUSH);
            const std::size_t made = room - stream_.avail_out;
            done += made;
            if (result == Z_STREAM_END)
                next_member();
            else if (result == Z_MEM_ERROR)
                throw std::bad_alloc();
            else if (result != Z_OK && result != Z_BUF_ERROR)
                fail(stream_.msg ? stream_.msg : "damaged data");
            // Only when nothing came out any more is new input needed: zlib holds back what had no room.
            else if (made == 0 && stream_.avail_in == 0 && !refill())
                fail("the data end early");
        }
        return done;
    }

  private:
    bool refill() {
        const ByteView part = read_();
        // zlib's interface is older than const; it does not write there.
        stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(part.data()));
        stream_.avail_in = static_cast<uInt>(part.size());
        return !part.empty();
    }

    /// Goes on only where another member's magic stands.
    void next_member() {
        for (const Bytef magic : {Bytef{0x1f}, Bytef{0x8b}}) {
            if ((stream_.avail_in == 0 && !refill()) || *stream_.next_in != magic) {
                // A block of bgzip that is shorter than its header says would hide the rest of its piece.
                if (!last_ && (stream_.avail_in != 0 || magic != 0x1f)) fail("a block is not as long as it says");
                ended_ = true;
                return;
            }
            ++stream_.next_in;
            --stream_.avail_in;
        }
        ::inflateReset(&stream_);
        // The magic may have stood across two pieces, so zlib gets it from here.
        static constexpr Bytef start[] = {0x1f, 0x8b};
        const auto next = stream_.next_in;
        const auto left = stream_.avail_in;
        stream_.next_in = const_cast<Bytef*>(start);
        stream_.avail_in = 2;
        stream_.avail_out = 0;
        ::inflate(&stream_, Z_NO_FLUSH);
        stream_.next_in = next;
        stream_.avail_in = left;
    }

    [[noreturn]] static void fail(const std::string& reason) {
        throw Error(ErrorCode::artifact, "it cannot be unpacked: its gzip data are damaged or end early", reason, {},
                    "fetch or make it again");
    }

    ReadPacked read_;
    bool last_;
    z_stream stream_{};
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> gzip_unpacker(ReadPacked read, bool last) {
    return std::make_unique<GzipUnpacker>(std::move(read), last);
}

}  // namespace rpixen
