#pragma once

namespace rpixen {

/// Names of the boot partition's files (docs/manifest.md); those of modules are in board/module.hpp.
namespace boot_name {
inline constexpr const char* config = "config.txt";
inline constexpr const char* uboot = "u-boot.bin";
inline constexpr const char* script = "boot.scr";
inline constexpr const char* xen = "xen-raspberrypi4-64";
inline constexpr const char* tree = "bcm2711-rpi-4-b.dtb";
}  // namespace boot_name

}  // namespace rpixen
