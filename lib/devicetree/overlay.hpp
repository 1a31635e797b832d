#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "devicetree/device_tree.hpp"

namespace rpixen {

/// One fragment of an overlay: what it changes, and how it names the place.
struct OverlayFragment {
    std::string path;           ///< in the overlay: "/fragment@0"
    std::string target_path;    ///< absolute, or starting with an alias; empty where a label is used
    std::string label;          ///< "pcie0"; empty where a path is used
    std::uint32_t phandle = 0;  ///< a target given as number
};

std::vector<OverlayFragment> fragments(const DeviceTree& overlay);

/// Every target and label of the overlay that `base` does not have, with what the tree has instead.
std::vector<Problem> unresolved(const DeviceTree& base, const DeviceTree& overlay, std::string_view name);

/// `base` with `overlay` applied as U-Boot's `fdt apply` would, packed. Both stay as they are.
/// Throws one Error{unfit} that names every target or label that is missing, Error{artifact} for a malformed
/// overlay.
DeviceTree merge(const DeviceTree& base, const DeviceTree& overlay, std::string_view name);

}  // namespace rpixen
