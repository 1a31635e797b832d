#pragma once

#include <string>
#include <vector>

#include "devicetree/device_tree.hpp"

namespace rpixen {

/// Takes out of a device tree what QEMU's raspi4b does not have, and wires the card to the controller that
/// QEMU puts it on: a driver that looked for such a device would die of a synchronous external abort. The
/// list is data, in raspi4b_gaps.cpp. Every edit keeps the length of the property that it changes, so the
/// tree keeps its size, and U-Boot's `fdt resize` finds the same room as on a board. Returns what was
/// changed, a line each: "/soc/hdmi@7ef00700: no HDMI".
std::vector<std::string> apply_raspi4b_gaps(DeviceTree& tree);

}  // namespace rpixen
