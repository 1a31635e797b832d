#include "boot/board_fit.hpp"

#include <algorithm>

#include "board/board.hpp"
#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// What is still in use when Xen gives dom0 its memory.
std::vector<Range> taken_at_start(const MemoryMap& memory) {
    std::vector<Range> taken{board::first_page};
    for (const MemoryRegion& region : memory.regions) {
        const bool left_over = region.role == MemoryRole::scratch || region.role == MemoryRole::loaded_tree;
        const bool tree = region.role == MemoryRole::firmware_tree || region.role == MemoryRole::moved_tree;
        // /reserved-memory and /memreserve/ too; U-Boot's own memory is free again.
        const bool reserved = region.role == MemoryRole::reservation;
        if ((region.kind == MemoryRegion::Kind::placed && !left_over) || tree || reserved)
            taken.push_back(region.range);
    }
    return taken;
}

/// Whether Xen finds that much, besides what is taken and its own.
bool allocates(std::uint64_t board, std::vector<Range> taken, std::uint64_t wanted) {
    for (const Range& own : xen_own_memory(board)) taken.push_back(own);
    return allocate_dom0(board_ram(board), taken, wanted).unallocated == 0;
}

/// Half of the smallest board; on larger ones most is left for guests.
std::uint64_t usual_dom0_mem(std::uint64_t board) {
    return board <= 1 * GiB ? 512 * MiB : board <= 2 * GiB ? 768 * MiB : board / 4;
}

}  // namespace

std::vector<BoardFit> board_fits(const MemoryMap& memory, std::string_view xen_bootargs, std::uint64_t guests) {
    const auto text = command_line_value(xen_bootargs, "dom0_mem");
    const auto wanted = text ? parse_dom0_mem(*text) : std::nullopt;
    if (!wanted || *wanted == 0) return {};
    const std::vector<Range> taken = taken_at_start(memory);
    std::vector<BoardFit> fits;
    for (const std::uint64_t board : board_memories)
        fits.push_back({board, *wanted, dom0_ceiling(board, taken), guests,
                        allocates(board, taken, *wanted) && guests <= left_for_guests(board, taken, *wanted)});
    return fits;
}

std::vector<BoardFit> automatic_fits(const MemoryMap& memory, Dom0Share share, std::span<const std::uint64_t> boards,
                                     std::uint64_t guests) {
    constexpr std::uint64_t margin = 64 * MiB;  // the model is optimistic
    constexpr std::uint64_t least_beside_guests = 128 * MiB;
    const std::vector<Range> taken = taken_at_start(memory);
    std::vector<BoardFit> fits;
    for (const std::uint64_t board : boards) {
        const std::uint64_t ceiling = dom0_ceiling(board, taken);
        const std::uint64_t alone = ceiling > margin ? ceiling - margin : ceiling;
        // Where the guests leave dom0 nothing it asks for the least, and the board is named as too small.
        const std::uint64_t most = alone > guests + least_beside_guests || guests == 0
                                       ? align_down(alone - guests, 4 * MiB)
                                       : std::min(alone, least_beside_guests);
        std::uint64_t chosen = share == Dom0Share::rest ? most : std::min(usual_dom0_mem(board), most);
        // Less is not always easier: the chunks are powers of two.
        if (share == Dom0Share::rest)
            while (chosen > 0 && !allocates(board, taken, chosen)) chosen -= std::min(chosen, 4 * MiB);
        const bool starts = chosen > 0 && allocates(board, taken, chosen) &&
                            guests <= left_for_guests(board, taken, chosen);
        fits.push_back({board, chosen, ceiling, guests, starts});
    }
    return fits;
}

}  // namespace rpixen
