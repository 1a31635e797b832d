#include "format/uboot_image.hpp"

#include <algorithm>

#include "base/size.hpp"
#include "format/crc32.hpp"

namespace rpixen {
namespace {

/// The header's own CRC is computed with its field (byte 4) as zeros.
std::uint32_t header_crc(ByteView header) {
    Bytes copy(header.begin(), header.begin() + UbootImage::header_size);
    store_be<std::uint32_t>(copy.data() + 4, 0);
    return crc32(copy);
}

}  // namespace

std::optional<UbootImage> parse_uboot_image(ByteView start) {
    if (start.size() < UbootImage::header_size) return std::nullopt;
    const std::byte* header = start.data();
    if (load_be<std::uint32_t>(header) != UbootImage::magic) return std::nullopt;
    UbootImage image;
    image.header_crc_matches = load_be<std::uint32_t>(header + 4) == header_crc(start);
    image.time = load_be<std::uint32_t>(header + 8);
    image.data_size = load_be<std::uint32_t>(header + 12);
    image.load_address = load_be<std::uint32_t>(header + 16);
    image.entry_point = load_be<std::uint32_t>(header + 20);
    image.data_crc = load_be<std::uint32_t>(header + 24);
    image.os = static_cast<UbootImage::Os>(header[28]);
    image.architecture = static_cast<UbootImage::Architecture>(header[29]);
    image.type = static_cast<UbootImage::Type>(header[30]);
    image.compression = static_cast<UbootImage::Compression>(header[31]);
    const std::string_view name = as_text(start.subspan(32, UbootImage::name_size));
    image.name = name.substr(0, name.find('\0'));
    return image;
}

Bytes make_uboot_image(const UbootImage& image, ByteView data) {
    Bytes bytes(UbootImage::header_size);
    std::byte* header = bytes.data();
    store_be(header, UbootImage::magic);
    store_be(header + 8, image.time);
    store_be(header + 12, narrow<std::uint32_t>(data.size()));
    store_be(header + 16, image.load_address);
    store_be(header + 20, image.entry_point);
    store_be(header + 24, crc32(data));
    header[28] = static_cast<std::byte>(image.os);
    header[29] = static_cast<std::byte>(image.architecture);
    header[30] = static_cast<std::byte>(image.type);
    header[31] = static_cast<std::byte>(image.compression);
    const ByteView name = as_bytes(image.name);
    std::copy_n(name.begin(), std::min(name.size(), UbootImage::name_size), header + 32);
    store_be(header + 4, header_crc(bytes));
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

}  // namespace rpixen
