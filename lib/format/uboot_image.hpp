#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace rpixen {

/// A legacy U-Boot image ("uImage"): a 64-byte big-endian header and the data it describes.
/// Facts: U-Boot include/image.h, struct legacy_img_hdr and the IH_* numbers.
struct UbootImage {
    static constexpr std::uint32_t magic = 0x27051956;  ///< byte 0
    static constexpr std::size_t header_size = 64;      ///< bytes
    static constexpr std::size_t name_size = 32;        ///< bytes

    enum class Os : std::uint8_t { gnu_linux = 5, u_boot = 17 };
    enum class Architecture : std::uint8_t { arm = 2, arm64 = 22 };
    enum class Type : std::uint8_t { kernel = 2, ramdisk = 3, multi = 4, firmware = 5, script = 6, filesystem = 7 };
    enum class Compression : std::uint8_t { none = 0, gzip = 1, bzip2 = 2, lzma = 3, lzo = 4, lz4 = 5, zstd = 6 };

    std::uint32_t time = 0;                           ///< byte 8: seconds since 1970
    std::uint32_t data_size = 0;                      ///< byte 12: bytes behind the header
    std::uint32_t load_address = 0;                   ///< byte 16
    std::uint32_t entry_point = 0;                    ///< byte 20
    std::uint32_t data_crc = 0;                       ///< byte 24
    Os os = Os::gnu_linux;                            ///< byte 28
    Architecture architecture = Architecture::arm64;  ///< byte 29
    Type type = Type::script;                         ///< byte 30
    Compression compression = Compression::none;      ///< byte 31
    std::string name;                                 ///< byte 32, cut at the first NUL

    bool header_crc_matches = false;
};

/// Nothing where `start` is shorter than 64 bytes or does not carry the magic.
std::optional<UbootImage> parse_uboot_image(ByteView start);

/// A whole image around `data`, both CRCs computed; `image.data_size` and the CRCs are not looked at, and the
/// name is cut after 32 bytes, as mkimage does.
Bytes make_uboot_image(const UbootImage& image, ByteView data);

}  // namespace rpixen
