#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/size.hpp"
#include "board/module.hpp"
#include "boot/guests.hpp"
#include "devicetree/device_tree.hpp"

// /chosen as Xen reads it: xen docs/misc/arm/device-tree/booting.txt, xen/common/device-tree/bootinfo-fdt.c.

namespace rpixen {

/// A guest's node, with the exact place and size of each of its modules, in their order.
struct GuestNode {
    Dom0lessGuest guest;
    std::vector<Range> modules;
};

struct ChosenForXen {
    std::map<ModuleKind, Range> modules;  ///< each file's exact place and size; the kernel is among them
    std::vector<GuestNode> guests;        ///< Xen gives them the numbers from 1
    std::string xen_bootargs;
    std::string dom0_bootargs;
    /// Leaves a kernel module's reg as it stands: only to make a card that must fail.
    bool keep_kernel_reg = false;
};

/// Which way round nodes come into the tree that Xen reads: libfdt puts the newest before the older ones, so those of
/// an overlay are turned round when it is applied.
enum class NodeOrder : std::uint8_t { as_read, turned_round };

/// Writes it to the node at `path` ("/chosen", or an overlay's "/fragment@0/__overlay__"). Modules that are
/// there are rewritten in place, found by their compatible strings; missing ones are made: dom0, ramdisk,
/// xsm-policy. Guests are domU1, domU2 ... behind them, as Xen reads the tree in the end: of a module that several
/// nodes name the first one is the owner (Xen >= 4.18, 4f6a291582). `label` is the guest's name, for people. Throws
/// Error{unfit} where the tree has such a node already.
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
                  std::optional<std::uint32_t> inherited_size_cells = {}, NodeOrder order = NodeOrder::as_read);

/// Path of dom0's kernel module below the node at `path`; nothing where there is none.
std::optional<std::string> find_kernel_module(const DeviceTree& tree, const std::string& path);

/// Path in the overlay of the part that goes to /chosen ("/fragment@0/__overlay__",
/// "/fragment@0/__overlay__/chosen") and holds dom0's kernel module; nothing where there is none.
std::optional<std::string> find_chosen_part(const DeviceTree& overlay);

/// The PCIe controllers without the device_type = "pci" that Xen wants to see: trees before Linux 5.5.
std::vector<std::string> pcie_without_device_type(const DeviceTree& tree);

}  // namespace rpixen
