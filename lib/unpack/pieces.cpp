#include "unpack/pieces.hpp"

#include <algorithm>

#include "base/size.hpp"

namespace rpixen {
namespace {

// Of packed bytes.
constexpr std::uint64_t smallest_piece = 1 * MiB;
// What a whole archive is packed into has no end worth looking for: a frame of pzstd's is hardly ever so large.
constexpr std::uint64_t largest_frame = 32 * MiB;

}  // namespace

Pieces::Pieces(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, Packing packing)
    : file_(std::move(file)), next_(begin), end_(end), packing_(packing) {}

std::optional<Piece> Pieces::next() {
    if (next_ == end_ && any_) return std::nullopt;
    if (!any_) frame_ = frame_end(next_);
    any_ = true;
    Piece piece{next_, next_, false};
    while (piece.end < end_ && (piece.end - piece.begin < smallest_piece || !frame_)) {
        piece.end = frame_.value_or(end_);
        frame_ = frame_end(piece.end);
    }
    piece.last = piece.end == end_;
    next_ = piece.end;
    return piece;
}

/// Less than `size` bytes where the end is near.
ByteView Pieces::bytes_at(std::uint64_t position, std::size_t size) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, end_ - position));
    if (position < window_begin_ || position + size > window_begin_ + window_size_) {
        window_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(window_.size(), end_ - position));
        window_begin_ = position;
        pread_exactly(file_->descriptor(), position, MutableBytes(window_).first(window_size_), file_->name());
    }
    return ByteView(window_).subspan(static_cast<std::size_t>(position - window_begin_), size);
}

std::optional<std::uint64_t> Pieces::frame_end(std::uint64_t begin) {
    std::optional<std::uint64_t> end;
    if (packing_ == Packing::zstd) end = zstd_frame_end(begin);
    if (packing_ == Packing::gzip) end = bgzip_block_end(begin);
    return end && *end <= end_ ? end : std::nullopt;
}

std::optional<std::uint64_t> Pieces::zstd_frame_end(std::uint64_t begin) {
    const ByteView start = bytes_at(begin, 8);
    if (start.size() < 8) return std::nullopt;
    const auto magic = load_le<std::uint32_t>(start.data());
    if ((magic & 0xfffffff0) == 0x184d2a50)  // skippable: its size follows
        return begin + 8 + load_le<std::uint32_t>(start.data() + 4);
    if (magic != 0xfd2fb528) return std::nullopt;
    const auto descriptor = std::to_integer<unsigned>(start[4]);
    const bool single_segment = (descriptor & 0x20U) != 0;
    const bool checksum = (descriptor & 0x04U) != 0;
    constexpr std::array<unsigned, 4> dictionary_size{0, 1, 2, 4};
    const std::array<unsigned, 4> content_size{single_segment ? 1U : 0U, 2, 4, 8};
    std::uint64_t position = begin + 5 + (single_segment ? 0 : 1) + dictionary_size[descriptor & 3U] +
                             content_size[descriptor >> 6];
    for (bool last = false; !last;) {
        if (position + 3 > end_ || position - begin > largest_frame) return std::nullopt;
        const ByteView header = bytes_at(position, 3);
        const unsigned value = std::to_integer<unsigned>(header[0]) | std::to_integer<unsigned>(header[1]) << 8 |
                               std::to_integer<unsigned>(header[2]) << 16;
        last = (value & 1U) != 0;
        const unsigned kind = (value >> 1) & 3U;
        if (kind == 3) return std::nullopt;            // reserved
        position += 3 + (kind == 1 ? 1 : value >> 3);  // 1: a byte that is repeated
    }
    return position + (checksum ? 4 : 0);
}

std::optional<std::uint64_t> Pieces::bgzip_block_end(std::uint64_t begin) {
    constexpr std::array<unsigned char, 4> start{0x1f, 0x8b, 0x08, 0x04};  // deflate, with an extra field
    const ByteView header = bytes_at(begin, 18);
    if (header.size() < 18 || !std::ranges::equal(header.first(4), start, [](std::byte here, unsigned char there) {
            return std::to_integer<unsigned char>(here) == there;
        }))
        return std::nullopt;
    const std::string_view field = as_text(header.subspan(12, 2));
    if (load_le<std::uint16_t>(header.data() + 10) < 6 || field != "BC" ||
        load_le<std::uint16_t>(header.data() + 14) != 2)
        return std::nullopt;
    return begin + load_le<std::uint16_t>(header.data() + 16) + 1U;
}

}  // namespace rpixen
