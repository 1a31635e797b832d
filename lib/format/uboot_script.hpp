#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "format/uboot_image.hpp"

namespace rpixen {

/// A U-Boot script image (boot.scr): a legacy image of type script whose data is a table of big-endian sizes,
/// ended by a zero, and the texts one after another, each but the last padded to 4 bytes. U-Boot's `source`
/// runs the first one only (cmd/source.c).
struct UbootScript {
    UbootImage image;
    std::vector<std::string> texts;  ///< whatever of them could be read
    bool data_crc_matches = false;   ///< false too where the file ends before its data does
    /// What is wrong with it, in words, one a line; empty for a script that U-Boot runs.
    std::vector<std::string> faults;

    bool intact() const { return faults.empty(); }
};

/// Nothing where `file` is no legacy image of type script. A damaged script comes back with its faults named
/// and as much of its text as there is; bytes behind the image are allowed, as U-Boot allows them.
std::optional<UbootScript> parse_uboot_script(ByteView file);

/// Byte for byte what `mkimage -A arm64 -T script -C none -n NAME -d TEXT` makes with SOURCE_DATE_EPOCH=time.
/// A name beyond 32 bytes is cut, as mkimage does.
Bytes make_uboot_script(std::string_view text, std::uint32_t time, std::string_view name);

}  // namespace rpixen
