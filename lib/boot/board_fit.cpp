#include "boot/board_fit.hpp"

#include <algorithm>

#include "board/board.hpp"
#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

/// Half of the smallest board; on larger ones most is left for guests.
std::uint64_t usual_dom0_mem(std::uint64_t board) {
    return board <= 1 * GiB ? 512 * MiB : board <= 2 * GiB ? 768 * MiB : board / 4;
}

/// What is set aside by address.
std::vector<Range> static_memory(const MemoryMap& memory) {
    std::vector<Range> ranges;
    for (const MemoryRegion& region : memory.regions)
        if (region.role == MemoryRole::static_memory) ranges.push_back(region.range);
    return ranges;
}

/// What becomes of dom0 and the guests on a board.
BoardFit fit_of(std::uint64_t board, const MemoryMap& memory, std::uint64_t dom0_mem, const GuestsMemory& guests) {
    const std::vector<Range> taken = taken_at_start(memory);
    const std::vector<Range> by_address = static_memory(memory);
    BoardFit fit;
    fit.memory = board;
    fit.dom0_mem = dom0_mem;
    fit.ceiling = dom0_ceiling(board, taken);
    fit.guests = guests.of_xen;
    for (const Range& range : by_address) fit.guests += range.size();
    fit.xl_guests = guests.of_xl;
    const std::uint64_t left = left_for_guests(board, taken, dom0_mem);
    fit.starts = dom0_mem > 0 && has_memory(board, by_address) && gives_dom0(board, taken, dom0_mem) &&
                 guests.of_xen <= left;
    fit.xl_starts = fit.starts && guests.of_xl <= left - guests.of_xen;
    return fit;
}

}  // namespace

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

std::vector<BoardFit> board_fits(const MemoryMap& memory, std::string_view xen_bootargs, const GuestsMemory& guests) {
    const auto text = command_line_value(xen_bootargs, "dom0_mem");
    const auto wanted = text ? parse_dom0_mem(*text) : std::nullopt;
    if (!wanted || *wanted == 0) return {};
    std::vector<BoardFit> fits;
    for (const std::uint64_t board : board_memories) fits.push_back(fit_of(board, memory, *wanted, guests));
    return fits;
}

std::vector<BoardFit> automatic_fits(const MemoryMap& memory, Dom0Share share, std::span<const std::uint64_t> boards,
                                     const GuestsMemory& guests) {
    constexpr std::uint64_t margin = 64 * MiB;  // the model is optimistic
    constexpr std::uint64_t least_beside_guests = 128 * MiB;
    const std::vector<Range> taken = taken_at_start(memory);
    std::vector<BoardFit> fits;
    for (const std::uint64_t board : boards) {
        const std::uint64_t ceiling = dom0_ceiling(board, taken);
        const std::uint64_t alone = ceiling > margin ? ceiling - margin : ceiling;
        const auto leaves_dom0 = [&](std::uint64_t taken_by_guests) {
            return taken_by_guests == 0 || alone > taken_by_guests + least_beside_guests;
        };
        // Those of xl that do not fit are named, and take nothing.
        const std::uint64_t all = checked_add(guests.of_xen, guests.of_xl);
        const std::uint64_t reserved = leaves_dom0(all) ? all : guests.of_xen;
        // Where the guests leave dom0 nothing it asks for the least, and the board is named as too small.
        const std::uint64_t most = leaves_dom0(reserved) ? align_down(alone - reserved, 4 * MiB)
                                                         : std::min(alone, least_beside_guests);
        std::uint64_t chosen = share == Dom0Share::rest ? most : std::min(usual_dom0_mem(board), most);
        // Less is not always easier: the chunks are powers of two.
        if (share == Dom0Share::rest)
            while (chosen > 0 && !gives_dom0(board, taken, chosen)) chosen -= std::min(chosen, 4 * MiB);
        fits.push_back(fit_of(board, memory, chosen, guests));
    }
    return fits;
}

}  // namespace rpixen
