#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace rpixen {

/// The header of an EFI zboot image: a compressed kernel behind a small EFI program that unpacks it.
/// Facts: Linux drivers/firmware/efi/libstub/zboot-header.S.
struct ZbootHeader {
    static constexpr std::size_t size = 64;  ///< bytes

    std::uint32_t payload_offset = 0;  ///< byte 8: bytes from the start of the file
    std::uint32_t payload_size = 0;    ///< byte 12: bytes
    /// Byte 24: "gzip", "lz4", "lzma", "lzo", "xzkern", "zstd22" or another name of Linux'
    /// scripts/Makefile.lib.
    std::string compression;

    /// The payload lies inside a file of that many bytes, behind the header.
    bool fits(std::uint64_t file_size) const {
        return payload_offset >= size && payload_size > 0 && payload_offset <= file_size &&
               payload_size <= file_size - payload_offset;
    }
    friend bool operator==(const ZbootHeader&, const ZbootHeader&) = default;
};

/// Nothing where `start` is shorter than 64 bytes or no zboot image.
std::optional<ZbootHeader> parse_zboot(ByteView start);

}  // namespace rpixen
