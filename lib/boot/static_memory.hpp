#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "boot/boot_plan.hpp"
#include "boot/guests.hpp"

// Memory of guests that is set aside by address: xen docs/misc/arm/device-tree/booting.txt, "Static Allocation".

namespace rpixen {

/// Gives guests whose static memory has no address yet one place each, below 4 GiB: as high as it goes in the memory
/// that the smallest board has, which the board's bus masters reach, beside everything that the map has when Xen starts
/// and Xen's own. Where `dom0_mem` (bytes; nothing: not known) fits the boards beside a lower place only, that is
/// taken. All of them, given or found, become regions of the map. Throws Error{unfit} where no board has the room.
void place_static_memory(std::vector<Dom0lessGuest>& guests, MemoryMap& memory, std::optional<std::uint64_t> dom0_mem);

}  // namespace rpixen
