#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace rpixen {

/// Variables of a U-Boot environment in the order in which they were found.
using UbootVariables = std::vector<std::pair<std::string, std::string>>;

/// The value of a variable, the last one where it is given twice (as U-Boot's himport_r does); nothing where
/// it is missing.
std::optional<std::string_view> find_variable(const UbootVariables& variables, std::string_view name);

/// A saved environment (uboot.env): a little-endian CRC-32 of what follows, in redundant environments a flag
/// byte, then "name=value" texts, each ended by NUL, the last followed by another NUL. Facts: U-Boot
/// include/env_internal.h, env/common.c.
struct UbootEnv {
    static constexpr std::size_t raspberry_pi_size = 0x4000;  ///< bytes: CONFIG_ENV_SIZE of U-Boot's rpi_*
                                                              ///< configurations

    UbootVariables variables;
    bool redundant = false;    ///< a flag byte follows the CRC
    std::uint8_t flag = 0;     ///< of a redundant one: 1 active, 0 obsolete, or a counter
    bool crc_matches = false;  ///< false: U-Boot ignores the file ("bad CRC, using default environment")
};

/// Whatever can be read; the two forms are told apart by their CRC. A file that is longer than the Raspberry
/// Pi's environment is also tried at that size. Nothing where the file is too short to hold an environment.
std::optional<UbootEnv> parse_uboot_env(ByteView file);

/// Byte for byte what `mkenvimage -s SIZE -p 0` makes. Throws Error{unfit} where the variables need more
/// room, and Error{manifest} for a name that is empty or holds '=' or NUL, or a value that holds NUL.
Bytes make_uboot_env(const UbootVariables& variables, std::size_t size = UbootEnv::raspberry_pi_size);

/// The default environment inside a u-boot.bin: the longest list of NUL-separated "name=value" texts that has
/// a bootcmd or an fdt_addr_r. Empty where there is none.
UbootVariables find_default_env(ByteView uboot);

}  // namespace rpixen
