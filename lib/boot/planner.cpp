#include "boot/planner.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace rpixen {
namespace {

/// A taken interval.
struct Taken {
    std::string name;
    Range range;
    std::string rule;
};

std::string describe(const std::string& name, const Range& range) {
    return name + " " + format_address(range.begin) + "-" + format_address(range.end);
}

/// [wanted, wanted + size); the sum may not leave 64 bits.
std::optional<Range> range_at(std::uint64_t address, std::uint64_t size) {
    if (size > std::numeric_limits<std::uint64_t>::max() - address) return std::nullopt;
    return Range{address, address + size};
}

bool aligned(const Wish& wish, std::uint64_t address) {
    return address >= wish.offset && (address - wish.offset) % wish.alignment == 0;
}

class IntervalMap {
  public:
    explicit IntervalMap(std::uint64_t end) : end_(end) {}

    void take(Taken taken) { taken_.push_back(std::move(taken)); }
    std::uint64_t end() const { return end_; }

    std::vector<const Taken*> in_the_way(const Range& range) const {
        std::vector<const Taken*> result;
        for (const Taken& taken : taken_)
            if (taken.range.overlaps(range)) result.push_back(&taken);
        return result;
    }

    /// The free place nearest to the wanted one; of two equally near the higher.
    std::optional<std::uint64_t> nearest(const Wish& wish) const {
        std::vector<Range> blocked;
        for (const Taken& taken : taken_)
            if (!taken.range.empty()) blocked.push_back(taken.range);
        std::sort(blocked.begin(), blocked.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
        std::optional<std::uint64_t> best;
        const auto consider = [&](std::uint64_t begin, std::uint64_t limit) {
            if (begin >= limit || limit - begin < wish.size) return;
            const std::uint64_t lowest = begin <= wish.offset
                                             ? wish.offset
                                             : align_up(begin - wish.offset, wish.alignment) + wish.offset;
            if (lowest > limit - wish.size) return;
            const std::uint64_t highest = align_down(limit - wish.size - wish.offset, wish.alignment) + wish.offset;
            const std::uint64_t wanted = wish.wanted <= wish.offset
                                             ? wish.offset
                                             : align_up(wish.wanted - wish.offset, wish.alignment) + wish.offset;
            const std::uint64_t place = std::clamp(wanted, lowest, highest);
            const auto distance = [&](std::uint64_t address) {
                return address > wish.wanted ? address - wish.wanted : wish.wanted - address;
            };
            if (!best || distance(place) <= distance(*best)) best = place;
        };
        std::uint64_t free_from = 0;
        for (const Range& range : blocked) {
            consider(free_from, std::min(range.begin, end_));
            free_from = std::max(free_from, range.end);
        }
        consider(free_from, end_);
        return best;
    }

  private:
    std::uint64_t end_;
    std::vector<Taken> taken_;
};

constexpr const char* beyond_rule = "load-beyond-low-memory";

/// Every reason why a pinned wish cannot stand where it is pinned.
std::vector<Problem> objections(const Wish& wish, const IntervalMap& map) {
    std::vector<Problem> result;
    const auto range = range_at(wish.wanted, wish.size);
    if (!range || range->end > map.end()) {
        result.push_back({.message = wish.name + " is pinned where there is no memory",
                          .found = format_address(wish.wanted) + " and " + std::to_string(wish.size) + " bytes",
                          .allowed = "to end at or below " + format_address(map.end()),
                          .change = "pin it lower, or leave it to the planner",
                          .rule = beyond_rule});
        return result;
    }
    if (!aligned(wish, wish.wanted))
        result.push_back(
            {.message = wish.name + " is pinned to an address that is not aligned",
             .found = format_address(wish.wanted),
             .allowed = "a multiple of " + format_address(wish.alignment) +
                        (wish.offset ? " plus " + format_address(wish.offset) : ""),
             .change = "pin it to " + format_address(align_down(wish.wanted, wish.alignment) + wish.offset),
             .rule = wish.alignment_rule});
    for (const Taken* taken : map.in_the_way(*range))
        result.push_back({.message = wish.name + " is pinned over " + taken->name,
                          .found = describe(wish.name, *range) + ", " + describe(taken->name, taken->range),
                          .allowed = "no byte in common",
                          .change = "pin " + wish.name + " elsewhere, or leave it to the planner",
                          .rule = taken->rule});
    return result;
}

}  // namespace

MemoryMap plan_memory(const std::vector<Wish>& wishes, const std::vector<Obstacle>& obstacles, std::uint64_t ram_end) {
    IntervalMap map(ram_end);
    MemoryMap result;
    for (const Obstacle& obstacle : obstacles) {
        if (obstacle.kind == MemoryRegion::Kind::reserved) map.take({obstacle.name, obstacle.range, obstacle.rule});
        result.regions.push_back(
            {obstacle.name, obstacle.range, obstacle.kind, false, {}, obstacle.range.begin, obstacle.role});
    }
    for (const Wish& wish : wishes) {
        if (!wish.pinned) continue;
        for (Problem& problem : objections(wish, map)) result.findings.push_back(std::move(problem));
        const Range range = range_at(wish.wanted, wish.size).value_or(Range{wish.wanted, wish.wanted});
        map.take({wish.name, range, wish.rule});
        result.regions.push_back(
            {wish.name, range, MemoryRegion::Kind::placed, true, {}, wish.wanted, wish.role, wish.module, wish.file});
    }
    std::vector<Problem> problems;
    for (const Wish& wish : wishes) {
        if (wish.pinned) continue;
        std::string moved_by;
        auto range = range_at(wish.wanted, wish.size);
        const auto blockers = range ? map.in_the_way(*range) : std::vector<const Taken*>{};
        if (!range || range->end > ram_end)
            moved_by = beyond_rule;
        else if (!blockers.empty())
            moved_by = blockers.front()->rule;
        else if (!aligned(wish, wish.wanted))
            moved_by = wish.alignment_rule;
        if (!moved_by.empty()) {
            const auto place = map.nearest(wish);
            if (!place) {
                problems.push_back({.message = "there is no free memory for " + wish.name,
                                    .found = std::to_string(wish.size) + " bytes",
                                    .allowed = "a free run of memory below " + format_address(ram_end),
                                    .change = "use smaller artifacts, or pin fewer addresses",
                                    .rule = moved_by});
                continue;
            }
            range = Range{*place, *place + wish.size};
        }
        map.take({wish.name, *range, wish.rule});
        result.regions.push_back({wish.name, *range, MemoryRegion::Kind::placed, false, moved_by, wish.wanted,
                                  wish.role, wish.module, wish.file});
    }
    if (!problems.empty()) throw Error(ErrorCode::unfit, std::move(problems));
    result.sort();
    return result;
}

void MemoryMap::sort() {
    std::stable_sort(regions.begin(), regions.end(), [](const MemoryRegion& a, const MemoryRegion& b) {
        return a.range.begin != b.range.begin ? a.range.begin < b.range.begin : a.range.end < b.range.end;
    });
}

const MemoryRegion* MemoryMap::find(MemoryRole role) const {
    for (const MemoryRegion& region : regions)
        if (region.role == role) return &region;
    return nullptr;
}

const MemoryRegion* MemoryMap::find(ModuleKind kind) const {
    for (const MemoryRegion& region : regions)
        if (region.module == kind) return &region;
    return nullptr;
}

const MemoryRegion* MemoryMap::find(const std::string& file) const {
    for (const MemoryRegion& region : regions)
        if (region.role == MemoryRole::guest && region.file == file) return &region;
    return nullptr;
}

const char* name_of(MemoryRole role) noexcept {
    switch (role) {
        case MemoryRole::xen:
            return "xen";
        case MemoryRole::tree:
            return "device tree";
        case MemoryRole::loaded_tree:
            return "device tree as loaded";
        case MemoryRole::scratch:
            return "overlay scratch";
        case MemoryRole::firmware_tree:
            return "firmware's device tree";
        case MemoryRole::moved_tree:
            return "device tree moved by U-Boot";
        case MemoryRole::module:
        case MemoryRole::guest:
        case MemoryRole::reservation:
        case MemoryRole::static_memory:
        case MemoryRole::other:
            break;
    }
    return "";
}

const char* word_of(const MemoryRegion& region) noexcept {
    switch (region.role) {
        case MemoryRole::xen:
            return "xen";
        case MemoryRole::module:
            return region.module ? row_of(*region.module).key : "other";
        case MemoryRole::tree:
        case MemoryRole::loaded_tree:
        case MemoryRole::firmware_tree:
        case MemoryRole::moved_tree:
            return "device_tree";
        case MemoryRole::scratch:
            return "overlay";
        case MemoryRole::guest:
            return "guest";
        case MemoryRole::static_memory:
            return "guest_memory";
        case MemoryRole::reservation:
        case MemoryRole::other:
            break;
    }
    return "other";
}

}  // namespace rpixen
