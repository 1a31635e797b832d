#include "unpack/pieces.hpp"

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/byte_record.hpp"
#include "base/size.hpp"
#include "format/crc32.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "unpack/decoder.hpp"
#include "unpack/piece_stream.hpp"

namespace rpixen::fuzz {
namespace {

constexpr std::uint64_t most_unpacked = 64 * MiB;

/// A frame of zstd that is skipped (RFC 8878, 3.1.2).
Bytes large_frame() {
    RecordWriter frame;
    frame.number(std::uint32_t{0x184d2a50});
    frame.number(std::uint32_t{1 * MiB});
    frame.bytes(Bytes(1 * MiB));
    return frame.written();
}

/// Blocks of bgzip whose zeros are stored as they are (SAMv1.pdf, 4.1; RFC 1951, 3.2.4).
Bytes large_blocks() {
    const Bytes zeros(65'280);
    const auto size = static_cast<std::uint16_t>(zeros.size());
    RecordWriter blocks;
    while (blocks.written().size() < 1 * MiB) {
        blocks.bytes(as_bytes(std::string_view("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16)));
        blocks.number(static_cast<std::uint16_t>(18 + 5 + size + 8 - 1));
        blocks.number(std::uint8_t{1});
        blocks.number(size);
        blocks.number(static_cast<std::uint16_t>(~size));
        blocks.bytes(zeros);
        blocks.number(crc32(zeros));
        blocks.number(std::uint32_t{size});
    }
    return blocks.written();
}

/// The digest of what a stream gives; nothing where it is damaged.
template <typename Next>
std::optional<Sha256Digest> digest_of(const Next& next) {
    Sha256 sha256;
    std::uint64_t left = most_unpacked;
    try {
        for (ByteView part = next(); !part.empty() && left > 0; part = next()) {
            part = part.first(static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), left)));
            sha256.update(part);
            left -= part.size();
        }
    } catch (const Error&) {
        return std::nullopt;
    }
    return sha256.finish();
}

}  // namespace

/// The first two bytes say where the rest is cut in two. What makes the first a piece of its own is put between them,
/// and pieces unpacked beside each other are to give what one stream over all of them gives.
void pieces(ByteView input) {
    if (input.size() < 2) return;
    static const Bytes frame = large_frame();
    static const Bytes blocks = large_blocks();
    const ByteView rest = input.subspan(2);
    const std::size_t cut = std::min<std::size_t>(load_le<std::uint16_t>(input.data()), rest.size());
    const bool gzip = rest.size() > 1 && rest[0] == std::byte{0x1f} && rest[1] == std::byte{0x8b};
    const Bytes& between = gzip ? blocks : frame;
    Bytes packed(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(cut));
    packed.insert(packed.end(), between.begin(), between.end());
    packed.insert(packed.end(), rest.begin() + static_cast<std::ptrdiff_t>(cut), rest.end());

    const auto file = file_of(packed);
    Decoder decoder(file, 0, file->size(), true);
    const auto side_by_side = digest_of([&] { return decoder.some(Decoder::largest_block); });
    if (decoder.packing() != Packing::zstd && decoder.packing() != Packing::gzip) return;
    std::atomic<std::uint64_t> position{0};
    PieceStream stream({file, decoder.packing(), &position}, {0, file->size(), true}, std::vector<Block>(2));
    if (side_by_side != digest_of([&] { return stream.next(); }))
        throw Error(ErrorCode::internal, "pieces that unpack to something else than the whole");
}

}  // namespace rpixen::fuzz
