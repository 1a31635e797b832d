#include "boot/board_fit.hpp"

#include <algorithm>

#include "boot/board.hpp"
#include "boot/dom0_memory.hpp"
#include "boot/plan_scenario.hpp"
#include "boot/rules.hpp"

namespace rpixen {
namespace {

/// What is still in use when Xen gives dom0 its memory.
std::vector<Range> taken_at_start(const MemoryMap& memory) {
    std::vector<Range> taken{board::first_page};
    for (const MemoryRegion& region : memory.regions) {
        const bool left_over = region.name == region::scratch || region.name == region::loaded_tree;
        const bool tree = region.name == region::firmware_tree || region.name == region::moved_tree;
        // /reserved-memory and /memreserve/ too; U-Boot's own memory is free again.
        const bool reserved = region.kind == MemoryRegion::Kind::reserved && region.name.starts_with('/');
        if ((region.kind == MemoryRegion::Kind::placed && !left_over) || tree || reserved)
            taken.push_back(region.range);
    }
    return taken;
}

}  // namespace

std::vector<BoardFit> board_fits(const MemoryMap& memory, std::string_view xen_bootargs) {
    const auto text = command_line_value(xen_bootargs, "dom0_mem");
    const auto wanted = text ? parse_dom0_mem(*text) : std::nullopt;
    if (!wanted || *wanted == 0) return {};
    const std::vector<Range> taken = taken_at_start(memory);
    std::vector<BoardFit> fits;
    for (const std::uint64_t board : board_memories) {
        std::vector<Range> all = taken;
        for (const Range& own : xen_own_memory(board)) all.push_back(own);
        fits.push_back({board, dom0_ceiling(board, taken),
                        allocate_dom0(board_ram(board), all, *wanted).unallocated == 0});
    }
    return fits;
}

std::string board_table(const std::vector<BoardFit>& boards) {
    std::string table;
    for (const BoardFit& board : boards)
        table += format_size(board.memory) + ": " + (board.starts ? "starts" : "does not start") +
                 ", dom0_mem up to " + std::to_string(board.ceiling / MiB) + "M\n";
    return table;
}

}  // namespace rpixen
