#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "board/dom0_memory.hpp"
#include "boot/boot_plan.hpp"

namespace rpixen {

/// What of the map is still in use when Xen gives dom0 its memory, and what is set aside for guests.
std::vector<Range> taken_at_start(const MemoryMap& memory);

/// Which boards can start dom0 with the dom0_mem of this command line, by Xen's 1:1 allocator
/// (boot/dom0_memory.hpp), and the guests.
std::vector<BoardFit> board_fits(const MemoryMap& memory, std::string_view xen_bootargs,
                                 const GuestsMemory& guests = {});

/// What of a board's memory dom0 gets where the script chooses.
enum class Dom0Share : std::uint8_t {
    usual,  ///< dom0_mem "auto": the rest is for guests
    rest,   ///< dom0_mem "rest": all that Xen can give, less what the guests take
};

/// dom0_mem "auto": 512, 768, 1024 and 2048 MiB on boards of 1, 2, 4 and 8 GiB, and where this memory map
/// leaves less than that, 64 MiB below the most that the board gives beside the guests; "rest" is that on every board.
/// Guests of xl count where the board has room for them.
std::vector<BoardFit> automatic_fits(const MemoryMap& memory, Dom0Share share,
                                     std::span<const std::uint64_t> boards = board_memories,
                                     const GuestsMemory& guests = {});

}  // namespace rpixen
