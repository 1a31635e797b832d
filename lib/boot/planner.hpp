#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/size.hpp"
#include "boot/boot_plan.hpp"

// The address planner: one interval map of memory at boot. It knows nothing of Xen or U-Boot; what calls it
// does.

namespace rpixen {

/// Memory that nothing may be put into, or that is only shown.
struct Obstacle {
    std::string name;
    Range range;
    std::string rule;                                        ///< id of the diagnostic for whoever gets in its way
    MemoryRegion::Kind kind = MemoryRegion::Kind::reserved;  ///< a window is shown and may be written over
    MemoryRole role = MemoryRole::other;
};

/// Something that needs a place.
struct Wish {
    std::string name;
    MemoryRole role = MemoryRole::other;
    std::optional<ModuleKind> module{};
    std::string file{};           ///< of a guest's module
    std::uint64_t size = 0;       ///< bytes, more than 0
    std::uint64_t alignment = 1;  ///< of (address - offset); a pinned address must have it too
    std::uint64_t offset = 0;     ///< an arm64 Image's text_offset
    std::uint64_t wanted = 0;     ///< the usual or pinned address
    bool pinned = false;
    /// Id of the diagnostic for whoever gets in its way.
    std::string rule = "memory-overlap";
    /// Id of the diagnostic for a wrong alignment.
    std::string alignment_rule = "memory-misaligned";
};

/// Gives every wish a place in [0, `ram_end`): pinned ones first, then in the given order. A wish keeps its
/// address where that is free, otherwise it gets the nearest free place, and MemoryRegion::moved_by names the
/// rule that moved it. A pinned one stands where it is pinned; what speaks against that is in
/// MemoryMap::findings. Throws Error{unfit} where there is no free memory left for one.
MemoryMap plan_memory(const std::vector<Wish>& wishes, const std::vector<Obstacle>& obstacles, std::uint64_t ram_end);

}  // namespace rpixen
