#pragma once

#include "devicetree/device_tree.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// What the rules want to know of a device tree: modules below /chosen with the cells in effect there,
/// command lines, reservations, serial ports, aliases. Never fails.
TreeFacts tree_facts(const DeviceTree& tree);

}  // namespace rpixen
