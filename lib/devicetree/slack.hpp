#pragma once

#include <cstdint>
#include <span>

#include "devicetree/device_tree.hpp"

namespace rpixen {

/// Total size of a tree after U-Boot's `fdt resize [extra]` at this address: it shrinks the tree first, then
/// rounds its end up to a page (U-Boot boot/fdt_support.c, fdt_shrink_to_minimum). So the room that remains
/// depends on the tree's size and on the low 12 bits of its address: 80 to 4175 bytes without `extra`.
std::uint64_t resized_total(const DeviceTree& tree, std::uint64_t address, std::uint64_t extra);

/// Free bytes behind the tree after that.
std::uint64_t resize_slack(const DeviceTree& tree, std::uint64_t address, std::uint64_t extra);

/// The least of resize_slack over all 8-byte aligned addresses: for a place that is not known beforehand.
std::uint64_t least_resize_slack(const DeviceTree& tree, std::uint64_t extra);

/// The smallest number of free bytes behind `base` with which all overlays can be applied one after the
/// other, found by applying them. Throws Error{unfit} where they cannot be applied with any room (see
/// merge()).
std::uint64_t room_needed(const DeviceTree& base, std::span<const DeviceTree> overlays);

/// Whether U-Boot's `fdt resize [extra]` at this address gives the overlays enough room.
bool applies_after_resize(const DeviceTree& base, std::span<const DeviceTree> overlays, std::uint64_t address,
                          std::uint64_t extra);

}  // namespace rpixen
