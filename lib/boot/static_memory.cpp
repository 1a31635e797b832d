#include "boot/static_memory.hpp"

#include <algorithm>
#include <utility>

#include <rpixen/error.hpp>

#include "board/dom0_memory.hpp"
#include "boot/board_fit.hpp"

namespace rpixen {
namespace {

/// What Xen maps a guest's memory in at best.
constexpr std::uint64_t alignment = 2 * MiB;
/// Between two places that are tried.
constexpr std::uint64_t step = 16 * MiB;

/// The free runs of a board's memory, ascending.
std::vector<Range> free_runs(std::uint64_t board_memory, std::vector<Range> taken) {
    std::sort(taken.begin(), taken.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    std::vector<Range> runs;
    for (const Range& ram : board_ram(board_memory)) {
        std::uint64_t begin = ram.begin;
        for (const Range& range : taken) {
            if (range.end <= begin || range.begin >= ram.end) continue;
            if (range.begin > begin) runs.push_back({begin, range.begin});
            begin = std::max(begin, range.end);
        }
        if (begin < ram.end) runs.push_back({begin, ram.end});
    }
    return runs;
}

bool fits_dom0(std::uint64_t smallest, const std::vector<Range>& taken, const Range& place, std::uint64_t dom0_mem) {
    return std::all_of(std::begin(board_memories), std::end(board_memories), [&](std::uint64_t board) {
        if (board < smallest) return true;
        std::vector<Range> all = taken;
        all.push_back(place);
        return gives_dom0(board, std::move(all), dom0_mem);
    });
}

/// The place for `size` bytes that is free on boards of this size and larger ones; nothing where there is none.
std::optional<Range> find_place(std::uint64_t board_memory, const std::vector<Range>& taken, std::uint64_t size,
                                std::optional<std::uint64_t> dom0_mem) {
    std::vector<Range> all = taken;
    all.push_back({4 * GiB, 8 * GiB});
    for (const std::uint64_t board : board_memories)
        if (board >= board_memory)
            for (const Range& own : xen_own_memory(board)) all.push_back(own);
    const std::vector<Range> runs = free_runs(board_memory, all);
    std::optional<Range> highest;
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        const std::uint64_t lowest = align_up(run->begin, alignment);
        if (run->end < size || align_down(run->end - size, alignment) < lowest) continue;
        for (std::uint64_t begin = align_down(run->end - size, alignment);; begin -= step) {
            const Range place{begin, begin + size};
            if (!dom0_mem || fits_dom0(board_memory, taken, place, *dom0_mem)) return place;
            if (!highest) highest = place;
            if (begin < lowest + step) break;
        }
    }
    return highest;
}

void add_region(const Dom0lessGuest& guest, const Range& range, bool pinned, MemoryMap& memory) {
    MemoryRegion region;
    region.name = guest.name + "'s memory";
    region.range = range;
    region.pinned = pinned;
    region.wanted = range.begin;
    region.role = MemoryRole::static_memory;
    memory.regions.push_back(std::move(region));
}

Range place_for(const Dom0lessGuest& guest, const MemoryMap& memory, std::optional<std::uint64_t> dom0_mem) {
    std::vector<Range> taken = taken_at_start(memory);
    // Where it would find its grants is no memory of its own.
    if (guest.direct_map && guest.enhanced) taken.push_back(grants_of_guests);
    for (const std::uint64_t board : board_memories)
        if (const auto place = find_place(board, taken, guest.memory, dom0_mem)) return *place;
    throw Error(ErrorCode::unfit, Problem{"there is no free memory for the static memory of guest " + guest.name,
                                          format_size(guest.memory), "one free run below 4 GiB",
                                          "give the guest less, or its static memory as several places"});
}

}  // namespace

void place_static_memory(std::vector<Dom0lessGuest>& guests, MemoryMap& memory, std::optional<std::uint64_t> dom0_mem) {
    std::erase_if(memory.regions, [](const MemoryRegion& region) { return region.role == MemoryRole::static_memory; });
    for (const Dom0lessGuest& guest : guests)
        if (guest.static_memory)
            for (const Range& range : *guest.static_memory) add_region(guest, range, true, memory);
    for (Dom0lessGuest& guest : guests) {
        if (!guest.static_memory || !guest.static_memory->empty()) continue;
        const Range place = place_for(guest, memory, dom0_mem);
        guest.static_memory->push_back(place);
        add_region(guest, place, false, memory);
    }
    memory.sort();
}

}  // namespace rpixen
