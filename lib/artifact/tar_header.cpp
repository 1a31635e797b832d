#include "artifact/tar_header.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

// Offsets and lengths of the fields, bytes (POSIX.1-2017 pax, table "ustar Header Block").
struct Field {
    std::size_t offset;
    std::size_t length;
    ByteView of(ByteView block) const { return block.subspan(offset, length); }
};
constexpr Field name_field{0, 100};
constexpr Field mode_field{100, 8};
constexpr Field uid_field{108, 8};
constexpr Field gid_field{116, 8};
constexpr Field size_field{124, 12};
constexpr Field mtime_field{136, 12};
constexpr Field checksum_field{148, 8};
constexpr std::size_t type_offset = 156;
constexpr Field link_field{157, 100};
constexpr Field magic_field{257, 6};
constexpr Field major_field{329, 8};
constexpr Field minor_field{337, 8};
constexpr Field prefix_field{345, 155};
constexpr Field star_prefix_field{345, 131};
constexpr Field star_magic_field{508, 4};

std::string text_of(ByteView field) {
    const std::string_view text = as_text(field);
    return std::string(text.substr(0, text.find('\0')));
}

std::int64_t parse_base256(ByteView field) {
    // Bit 7 of the first byte is the mark, bit 6 the sign, the rest is big endian two's complement.
    const bool negative = (std::to_integer<unsigned>(field[0]) & 0x40U) != 0;
    const std::byte fill = negative ? std::byte{0xff} : std::byte{0};
    const std::size_t surplus = field.size() > 8 ? field.size() - 8 : 0;
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    for (std::size_t index = 0; index < field.size(); ++index) {
        std::byte byte = field[index];
        if (index == 0) byte = negative ? byte | std::byte{0x80} : byte & std::byte{0x7f};
        if (index < surplus && byte != fill)
            throw Error(ErrorCode::artifact, "a number in a tar header leaves 64 bits");
        value = value << 8 | std::to_integer<std::uint64_t>(byte);
    }
    const auto result = static_cast<std::int64_t>(value);
    if ((result < 0) != negative) throw Error(ErrorCode::artifact, "a number in a tar header leaves 64 bits");
    return result;
}

bool checksum_holds(ByteView block) {
    // The field itself counts as eight spaces. Old tars of signed-char machines summed signed bytes; both are
    // read everywhere.
    std::int32_t unsigned_sum = 0;
    std::int32_t signed_sum = 0;
    const auto add = [&](ByteView bytes, std::int32_t sign) {
        for (const std::byte byte : bytes) {
            unsigned_sum += sign * static_cast<std::int32_t>(byte);
            signed_sum += sign * static_cast<std::int32_t>(static_cast<signed char>(byte));
        }
    };
    add(block, 1);
    add(checksum_field.of(block), -1);
    unsigned_sum += 8 * ' ';
    signed_sum += 8 * ' ';
    const ByteView field = checksum_field.of(block);
    if (as_text(field).find_first_of("01234567") == std::string_view::npos) return false;
    try {
        const std::int64_t stored = parse_tar_number(field);
        return stored == unsigned_sum || stored == signed_sum;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace

std::int64_t parse_tar_number(ByteView field) {
    if (field.empty()) return 0;
    if ((std::to_integer<unsigned>(field[0]) & 0x80U) != 0) return parse_base256(field);
    std::string_view text = as_text(field);
    while (text.starts_with(' ')) text.remove_prefix(1);
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c == '\0' || c == ' ') break;
        if (c < '0' || c > '7')
            throw Error(ErrorCode::artifact, "a number in a tar header is damaged", "a byte that is no octal digit");
        value = value * 8 + static_cast<std::uint64_t>(c - '0');  // 12 digits are 36 bits
    }
    return static_cast<std::int64_t>(value);
}

std::uint64_t parse_tar_size(ByteView field) {
    const std::int64_t value = parse_tar_number(field);
    if (value < 0) throw Error(ErrorCode::artifact, "a number in a tar header is negative", std::to_string(value));
    return static_cast<std::uint64_t>(value);
}

bool is_tar_header(ByteView block) {
    return block.size() >= TarHeader::size_of_block && block[0] != std::byte{} &&
           checksum_holds(block.first(TarHeader::size_of_block));
}

TarHeader parse_tar_header(ByteView block) {
    if (!checksum_holds(block))
        throw Error(ErrorCode::artifact, "a tar header is damaged", "a checksum that does not match");
    TarHeader header;
    header.name = text_of(name_field.of(block));
    header.link = text_of(link_field.of(block));
    header.type = static_cast<char>(block[type_offset]);
    header.mode = static_cast<std::uint16_t>(parse_tar_size(mode_field.of(block)) & 07777U);
    header.uid = parse_tar_size(uid_field.of(block));
    header.gid = parse_tar_size(gid_field.of(block));
    header.size = parse_tar_size(size_field.of(block));
    header.mtime = parse_tar_number(mtime_field.of(block));

    const std::string_view magic = as_text(magic_field.of(block));
    if (!magic.starts_with("ustar")) return header;  // v7
    if (header.type == '3' || header.type == '4') {
        header.major = parse_tar_size(major_field.of(block));
        header.minor = parse_tar_size(minor_field.of(block));
    }
    if (magic[5] == '\0') {  // GNU has a space there, and other things in place of the prefix
        const bool star = as_text(star_magic_field.of(block)) == std::string_view("tar\0", 4);
        const std::string prefix = text_of((star ? star_prefix_field : prefix_field).of(block));
        if (!prefix.empty()) header.name = prefix + "/" + header.name;
    }
    return header;
}

void parse_gnu_sparse(ByteView pairs, std::vector<DataRun>& runs) {
    for (; pairs.size() >= 24; pairs = pairs.subspan(24)) {
        if (pairs[0] == std::byte{}) break;
        runs.push_back({parse_tar_size(pairs.first(12)), parse_tar_size(pairs.subspan(12, 12))});
    }
}

}  // namespace rpixen
