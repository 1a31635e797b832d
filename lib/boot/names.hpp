#pragma once

namespace rpixen {

/// Names of the boot partition's files (docs/manifest.md).
namespace boot_name {
inline constexpr const char* config = "config.txt";
inline constexpr const char* uboot = "u-boot.bin";
inline constexpr const char* script = "boot.scr";
inline constexpr const char* xen = "xen-raspberrypi4-64";
inline constexpr const char* kernel = "Image";
inline constexpr const char* initrd = "initrd.img";
inline constexpr const char* xsm_policy = "xenpolicy";
inline constexpr const char* tree = "bcm2711-rpi-4-b.dtb";
}  // namespace boot_name

/// Names of the MemoryMap's regions.
namespace region {
inline constexpr const char* xen = "xen";
inline constexpr const char* kernel = "dom0 kernel";
inline constexpr const char* initrd = "initrd";
inline constexpr const char* xsm_policy = "xsm policy";
inline constexpr const char* tree = "device tree";
inline constexpr const char* loaded_tree = "device tree as loaded";
inline constexpr const char* scratch = "overlay scratch";
/// Reserved: where a tree stands whose place the firmware or U-Boot chooses.
inline constexpr const char* firmware_tree = "firmware's device tree";
inline constexpr const char* moved_tree = "device tree moved by U-Boot";
}  // namespace region

}  // namespace rpixen
