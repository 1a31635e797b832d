#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/size.hpp"
#include "format/uboot_release.hpp"

// What is known of a Raspberry Pi 4 and of U-Boot on it: numbers with their source, no decisions.

namespace rpixen::board {

/// The original boot_xen environment (Yocto layer meta-virt-rpi).
inline constexpr std::uint64_t xen_address = 0x200000;
inline constexpr std::uint64_t overlay_scratch = 0x18000;

/// The first page: the firmware's armstub and the spin table that the other cores wait in (0xd8-0xf0);
/// /memreserve/ of bcm2711-rpi-4-b.dts.
inline constexpr Range first_page{0, 0x1000};
/// An armstub= of one's own (TF-A) is loaded at 0 and may reach up to where the firmware puts U-Boot (its
/// CONFIG_TEXT_BASE).
inline constexpr Range armstub{0, 0x80000};

/// Where the firmware puts U-Boot (CONFIG_TEXT_BASE of rpi_arm64_defconfig). It runs there until it has
/// relocated itself, long before any script: so this may be written over.
inline constexpr std::uint64_t uboot_text = 0x80000;

/// U-Boot relocates itself to the top of low RAM: code, heap and stack, downwards (common/board_f.c). Its
/// code and heap take some 10 MiB there; the rest is margin.
inline constexpr std::uint64_t uboot_runtime_size = 64 * MiB;

/// booti grows the tree in place by CONFIG_SYS_FDT_PAD, 0x3000, before its own edits (boot/image-fdt.c); a
/// page more for the rounding of `fdt resize`.
inline constexpr std::uint64_t fdt_pad = 0x4000;

/// Where the firmware was seen to put its device tree (the variable fdt_addr): it ends at 0x2f000000 on a
/// board.
inline constexpr Range firmware_tree{0x2efe0000, 0x2f000000};
/// The same in QEMU's raspi4b.
inline constexpr Range emulated_firmware_tree{0x8000000, 0x8100000};

/// Xen's own limit of a flattened device tree (xen/include/xen/libfdt: MAX_FDT_SIZE), as Linux' (arm64
/// booting.rst).
inline constexpr std::uint64_t max_tree_size = 2 * MiB;

/// Bits 20 to 22 of a board's revision code: 2 for 1 GiB, 3 for 2 GiB, and so on, 7 for a size between those
/// (Raspberry Pi documentation, "New-style revision codes"). U-Boot has the code in ${board_revision}, and 1
/// in ${board_rev_scheme} where it is of that style (board/raspberrypi/rpi/rpi.c set_board_info).
unsigned memory_code(std::uint64_t board_memory);

/// The firmware's device tree has the size of the RAM in /chosen, in units of 128 MiB, since 2025.
inline constexpr const char* sdram_size_property = "rpi-sdram-size-gbit";
inline constexpr std::uint64_t sdram_size_unit = 128 * MiB;

/// `fdt resize` by this much makes room for a longer command line of Xen.
inline constexpr std::uint64_t command_line_room = 0x400;

/// End of RAM below 1 GiB, in bytes: the GPU has the rest. `config_txt` may say gpu_mem, gpu_mem_1024 and
/// total_mem in MiB (Raspberry Pi documentation, config.txt, "Memory options"); without them it is 0x3b400000
/// (gpu_mem=76).
std::uint64_t low_memory_end(std::span<const std::string> config_txt);

/// An address in U-Boot's embedded environment: hexadecimal with or without 0x. Nothing where it is missing,
/// is no number, or is the "do not relocate" value of all ones.
std::optional<std::uint64_t> environment_address(const UBootRelease& uboot, const std::string& name);

/// The places where U-Boot's own boot loads things, from its embedded environment; where that was not found,
/// those of the release, by its year and month (board/raspberrypi/rpi/rpi.env, include/configs/rpi.h).
struct Windows {
    std::uint64_t script = 0;   ///< scriptaddr
    std::uint64_t tree = 0;     ///< fdt_addr_r
    std::uint64_t ramdisk = 0;  ///< ramdisk_addr_r
    /// End of the memory that booti may move the device tree to (bootm_size); nothing where it leaves it in
    /// place (fdt_high of all ones, the default up to v2025.04).
    std::optional<std::uint64_t> relocation_end;
};
Windows windows(const UBootRelease& uboot);

/// Whether ${fdt_addr} may be loaded over: up to v2025.10. Since v2026.01 it is U-Boot's own tree in memory
/// that loads are refused to (15c719174cf). Unknown releases are told by their scriptaddr: the one of up to
/// v2025.04 or not.
bool fdt_addr_is_free(const UBootRelease& uboot);

}  // namespace rpixen::board
