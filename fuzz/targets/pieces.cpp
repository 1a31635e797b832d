#include "unpack/pieces.hpp"

#include <algorithm>
#include <optional>

#include "base/size.hpp"
#include "format/crc32.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "unpack/decoder.hpp"
#include "unpack/piece_stream.hpp"

namespace rpixen::fuzz {
namespace {

constexpr std::uint64_t most_unpacked = 64 * MiB;

template <typename Integer>
void append(Bytes& bytes, Integer value) {
    const std::size_t place = bytes.size();
    bytes.resize(place + sizeof value);
    store_le(bytes.data() + place, value);
}

/// A frame of zstd that is skipped (RFC 8878, 3.1.2).
Bytes large_frame() {
    Bytes frame;
    append<std::uint32_t>(frame, 0x184d2a50);
    append<std::uint32_t>(frame, 1 * MiB);
    frame.resize(frame.size() + 1 * MiB);
    return frame;
}

/// Blocks of bgzip whose zeros are stored as they are (SAMv1.pdf, 4.1; RFC 1951, 3.2.4).
Bytes large_blocks() {
    const Bytes zeros(65'280);
    Bytes block = to_bytes(std::string_view("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0", 16));
    append<std::uint16_t>(block, static_cast<std::uint16_t>(18 + 5 + zeros.size() + 8 - 1));
    append<std::uint8_t>(block, 1);
    append(block, static_cast<std::uint16_t>(zeros.size()));
    append(block, static_cast<std::uint16_t>(~zeros.size()));
    block.insert(block.end(), zeros.begin(), zeros.end());
    append(block, crc32(zeros));
    append(block, static_cast<std::uint32_t>(zeros.size()));
    Bytes blocks;
    while (blocks.size() < 1 * MiB) blocks.insert(blocks.end(), block.begin(), block.end());
    return blocks;
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
