#pragma once

#include <span>
#include <string>
#include <vector>

#include "boot/chosen.hpp"
#include "devicetree/device_tree.hpp"

namespace rpixen {

/// An overlay of the manifest, read.
struct NamedOverlay {
    std::string name;  ///< overlays/<name>.dtbo
    bool built_in = false;
    DeviceTree tree;
};

/// The tree and the overlays as they stand on the card.
struct CardTrees {
    DeviceTree base;                     ///< bcm2711-rpi-4-b.dtb: merged, or what the overlays are applied to at boot
    std::vector<NamedOverlay> overlays;  ///< in order
    DeviceTree effective;                ///< what Xen will see, before U-Boot's own edits
    bool base_changed = false;           ///< base is not the input as it was
    std::vector<bool> changed;           ///< for each overlay: not the input as it was
};

/// Merges the overlays into the tree on the host, in order, and writes /chosen into the result. A built-in
/// overlay is written for this card too, so that it could also be applied at boot. Throws Error{unfit} or
/// Error{artifact} with every problem of the first overlay that cannot be applied.
CardTrees merge_for_card(const DeviceTree& base, std::vector<NamedOverlay> overlays, const ChosenForXen& chosen);

/// Prepares the overlays for `fdt apply` at boot: the one with dom0's kernel module (the last, if several)
/// gets the real /chosen; where none has it, the base gets it. Proven by applying them here.
CardTrees prepare_for_boot(const DeviceTree& base, std::vector<NamedOverlay> overlays, const ChosenForXen& chosen);

/// Just the trees, for measuring.
std::vector<DeviceTree> trees_of(std::span<const NamedOverlay> overlays);

}  // namespace rpixen
