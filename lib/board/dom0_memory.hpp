#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/size.hpp"

namespace rpixen {

// How Xen gives dom0 its memory on Arm: mapped 1:1, so every bank is a naturally aligned power of two of real
// RAM. Facts: xen/arch/arm/domain_build.c allocate_memory_11, xen/common/page_alloc.c (the buddy allocator).

/// The boards' RAM sizes in bytes: 1, 2, 4 and 8 GiB.
inline constexpr std::uint64_t board_memories[] = {1 * GiB, 2 * GiB, 4 * GiB, 8 * GiB};
/// The same with the sizes that a revision code has no number for.
inline constexpr std::uint64_t all_board_memories[] = {1 * GiB, 2 * GiB, 3 * GiB, 4 * GiB, 8 * GiB};

/// RAM as Xen sees it on a Raspberry Pi 4 of that size: below 0x3b400000 (gpu_mem 76), from 1 GiB up to
/// 0xfc000000, from 4 GiB on.
std::vector<Range> board_ram(std::uint64_t board_memory);

/// Whether a board of that size has all of these addresses.
bool has_memory(std::uint64_t board_memory, const std::vector<Range>& ranges);

/// The value of dom0_mem= ("512M", "1G", "524288", "max:...", "512M,max:512M") in bytes: a number without a
/// suffix is in KiB. Nothing where Xen would not read it as a size.
std::optional<std::uint64_t> parse_dom0_mem(std::string_view text);

struct Dom0Banks {
    std::vector<Range> banks;       ///< ascending
    std::uint64_t unallocated = 0;  ///< bytes; more than 0: Xen panics
};

/// Runs Xen's 1:1 allocation of `wanted` bytes over `ram` with `taken` cut out. An optimistic model: what Xen
/// keeps for its own heap and page tables is only what is passed in `taken`.
Dom0Banks allocate_dom0(std::vector<Range> ram, const std::vector<Range>& taken, std::uint64_t wanted);

/// What Xen has taken on a board besides the modules: itself (relocated to the top of low RAM) and the frame
/// table.
std::vector<Range> xen_own_memory(std::uint64_t board_memory);

/// Whether a board gives dom0 that much (bytes) beside `taken` and Xen's own.
bool gives_dom0(std::uint64_t board_memory, std::vector<Range> taken, std::uint64_t wanted);

/// What a board has left for guests beside dom0 and `taken`, in bytes: an upper bound, because Xen's heap is not known.
std::uint64_t left_for_guests(std::uint64_t board_memory, const std::vector<Range>& taken, std::uint64_t dom0_mem);

/// What Xen sets aside for a guest's page tables, in bytes: 1 MiB a processor, 4 KiB a MiB and 512 KiB for extended
/// regions, in whole MiB (xen/common/device-tree/dom0less-build.c domain_p2m_pages, up to 4.20 in xen/arch/arm;
/// tools/libs/light libxl__get_required_paging_memory takes the same).
std::uint64_t page_tables_of_guest(std::uint64_t memory, std::uint64_t vcpus);
/// What a guest takes of it, in bytes: its memory and its page tables.
std::uint64_t taken_by_guest(std::uint64_t memory, std::uint64_t vcpus);

/// Guest addresses at which a guest that Xen builds finds its grants and Xen's magic pages, also where it is mapped one
/// to one (xen/include/public/arch-arm.h GUEST_GNTTAB_BASE, GUEST_MAGIC_BASE).
inline constexpr Range grants_of_guests{0x38000000, 0x3a000000};

/// The largest dom0_mem in whole MiB that a board gives; 0 where none.
std::uint64_t dom0_ceiling(std::uint64_t board_memory, const std::vector<Range>& taken);

}  // namespace rpixen
