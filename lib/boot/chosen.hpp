#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/size.hpp"
#include "board/module.hpp"
#include "devicetree/device_tree.hpp"

// /chosen as Xen reads it: xen docs/misc/arm/device-tree/booting.txt, xen/common/device-tree/bootinfo-fdt.c.

namespace rpixen {

struct ChosenForXen {
    std::map<ModuleKind, Range> modules;  ///< each file's exact place and size; the kernel is among them
    std::string xen_bootargs;
    std::string dom0_bootargs;
    /// Leaves a kernel module's reg as it stands: only to make a card that must fail.
    bool keep_kernel_reg = false;
};

/// Writes it to the node at `path` ("/chosen", or an overlay's "/fragment@0/__overlay__"). Modules that are
/// there are rewritten in place, found by their compatible strings; missing ones are made: dom0, ramdisk,
/// xsm-policy.
///
/// dom0's arguments go to `bootargs`, which U-Boot overwrites with its variable of that name, the same text:
/// so what a person sets at U-Boot's prompt reaches dom0. That works because xen,xen-bootargs is always there
/// (without it bootargs would go to Xen) and no xen,dom0-bootargs is made, which would win over it; where the
/// tree brings one, or a bootargs of the kernel module, it gets the same text.
///
/// `inherited_address_cells` and `inherited_size_cells`: those of the node that the overlay will be applied
/// to.
void write_chosen(DeviceTree& tree, const std::string& path, const ChosenForXen& chosen,
                  std::optional<std::uint32_t> inherited_address_cells = {},
                  std::optional<std::uint32_t> inherited_size_cells = {});

/// Path of dom0's kernel module below the node at `path`; nothing where there is none.
std::optional<std::string> find_kernel_module(const DeviceTree& tree, const std::string& path);

/// Path in the overlay of the part that goes to /chosen ("/fragment@0/__overlay__",
/// "/fragment@0/__overlay__/chosen") and holds dom0's kernel module; nothing where there is none.
std::optional<std::string> find_chosen_part(const DeviceTree& overlay);

/// The PCIe controllers without the device_type = "pci" that Xen wants to see: trees before Linux 5.5.
std::vector<std::string> pcie_without_device_type(const DeviceTree& tree);

}  // namespace rpixen
