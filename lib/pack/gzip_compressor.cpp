#include <zlib.h>

#include <new>

#include "pack/block_compressor.hpp"

namespace rpixen {
namespace {

/// A deflate stream (RFC 1951) without a frame around it.
class DeflateStream {
  public:
    DeflateStream() {
        constexpr int raw_window = -15;  // 32 KiB, no header
        constexpr int memory = 8;        // zlib's default
        if (deflateInit2(&stream_, Z_BEST_SPEED + 5, Z_DEFLATED, raw_window, memory, Z_DEFAULT_STRATEGY) != Z_OK)
            throw std::bad_alloc();
    }
    ~DeflateStream() { deflateEnd(&stream_); }
    DeflateStream(const DeflateStream&) = delete;
    DeflateStream& operator=(const DeflateStream&) = delete;

    /// All of it, `flush` at its end.
    Bytes run(ByteView bytes, int flush) {
        constexpr std::size_t flush_room = 16;  // an empty stored block, and the bits before it
        Bytes out(deflateBound(&stream_, static_cast<uLong>(bytes.size())) + flush_room);
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
        stream_.avail_in = static_cast<uInt>(bytes.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        deflate(&stream_, flush);
        out.resize(out.size() - stream_.avail_out);
        return out;
    }

  private:
    z_stream stream_{};
};

class GzipCompressor final : public BlockCompressor {
  public:
    Bytes start() override {
        // RFC 1952, 2.3: no flags, no time, no extra flags, made on Unix.
        return {std::byte{0x1f}, std::byte{0x8b}, std::byte{Z_DEFLATED}, {}, {}, {}, {}, {}, {}, std::byte{3}};
    }

    CompressedBlock compress(ByteView block) const override {
        CompressedBlock made;
        made.size = block.size();
        made.checksum = static_cast<std::uint32_t>(
            crc32_z(0, reinterpret_cast<const Bytef*>(block.data()), block.size()));
        made.bytes = DeflateStream().run(block, Z_FULL_FLUSH);
        return made;
    }

    void follow(const CompressedBlock& block) override {
        checksum_ = static_cast<std::uint32_t>(
            crc32_combine(checksum_, block.checksum, static_cast<z_off_t>(block.size)));
        size_ += block.size;
    }

    Bytes finish() override {
        Bytes end = DeflateStream().run({}, Z_FINISH);
        const std::size_t place = end.size();
        end.resize(place + 8);
        store_le(&end[place], checksum_);
        store_le(&end[place + 4], static_cast<std::uint32_t>(size_));  // modulo 2^32
        return end;
    }

  private:
    std::uint32_t checksum_ = 0;
    std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<BlockCompressor> gzip_compressor() {
    return std::make_unique<GzipCompressor>();
}

}  // namespace rpixen
