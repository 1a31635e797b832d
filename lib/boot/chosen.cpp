#include "boot/chosen.hpp"

#include <algorithm>
#include <array>

#include <rpixen/error.hpp>

#include "base/text.hpp"
#include "devicetree/overlay.hpp"
#include "devicetree/reserved_memory.hpp"

namespace rpixen {
namespace {

std::optional<std::string> find_module(const DeviceTree& tree, const std::string& parent, const ModuleRow& row) {
    for (const std::string& name : tree.children(parent)) {
        const std::string path = parent + "/" + name;
        const auto compatible = tree.strings(path, "compatible");
        if (!has_word(compatible, "xen,multiboot-module") && !has_word(compatible, "multiboot,module")) continue;
        if (row.names(compatible)) return path;
    }
    return std::nullopt;
}

std::string make_module(DeviceTree& tree, const std::string& parent, const ModuleRow& row) {
    if (const auto path = find_module(tree, parent, row)) return *path;
    const std::string path = parent + "/" + row.node;
    tree.add_node(parent, row.node);
    const std::string_view compatible[] = {row.compatible[0], "xen,multiboot-module"};
    tree.set_strings(path, "compatible", compatible);
    return path;
}

/// Writes a guest's module below its node; one cell for addresses and one for sizes.
void write_guest_module(DeviceTree& tree, const std::string& node, const GuestModule& module, const Range& range,
                        const std::string& bootargs) {
    const std::string name = "module@" + hex_number(range.begin, 1);
    const std::string path = node + "/" + name;
    tree.add_node(node, name);
    const std::string_view compatible[] = {row_of(module.kind).compatible, "multiboot,module"};
    tree.set_strings(path, "compatible", compatible);
    tree.set_cells(path, "reg", encode_reg(range, 1, 1));
    if (module.kind == GuestModuleKind::kernel && !bootargs.empty()) tree.set_string(path, "bootargs", bootargs);
}

/// The cells of /chosen.
struct Cells {
    std::uint32_t address = 1;
    std::uint32_t size = 1;
};

/// From Xen 4.17 on the numbers have the cells of the node above, before those that the two properties say
/// (942ac5fc15): here they are the same.
void write_static_memory(DeviceTree& tree, const std::string& path, const std::vector<Range>& memory, Cells cells) {
    std::vector<std::uint32_t> numbers;
    for (const Range& range : memory) {
        const auto reg = encode_reg(range, cells.address, cells.size);
        numbers.insert(numbers.end(), reg.begin(), reg.end());
    }
    tree.set_cells(path, "#xen,static-mem-address-cells", std::array{cells.address});
    tree.set_cells(path, "#xen,static-mem-size-cells", std::array{cells.size});
    tree.set_cells(path, "xen,static-mem", numbers);
}

void write_guest(DeviceTree& tree, const std::string& parent, const std::string& name, const GuestNode& node,
                 Cells cells) {
    const std::string path = parent + "/" + name;
    if (tree.has(path))
        throw Error(ErrorCode::unfit, "the device tree has a guest of its own", name,
                    "no nodes called domU1, domU2 ... in /chosen",
                    "remove the guests from the overlay, or from the manifest");
    tree.add_node(parent, name);
    const Dom0lessGuest& guest = node.guest;
    const std::string_view compatible[] = {"xen,domain"};
    tree.set_strings(path, "compatible", compatible);
    tree.set_string(path, "label", guest.name);
    tree.set_cells(path, "#address-cells", std::array<std::uint32_t, 1>{1});
    tree.set_cells(path, "#size-cells", std::array<std::uint32_t, 1>{1});
    const std::uint64_t kib = guest.memory / KiB;
    tree.set_cells(path, "memory", std::array{static_cast<std::uint32_t>(kib >> 32U), static_cast<std::uint32_t>(kib)});
    tree.set_cells(path, "cpus", std::array<std::uint32_t, 1>{guest.vcpus});
    if (guest.vpl011) tree.set_property(path, "vpl011", {});
    if (guest.enhanced) tree.set_string(path, "xen,enhanced", "enabled");
    if (guest.static_memory) write_static_memory(tree, path, *guest.static_memory, cells);
    if (guest.direct_map) tree.set_property(path, "direct-map", {});
    for (std::size_t index = 0; index < guest.modules.size(); ++index)
        write_guest_module(tree, path, guest.modules[index], node.modules[index], guest.bootargs);
}

void write_guests(DeviceTree& tree, const std::string& path, const ChosenForXen& chosen, NodeOrder order, Cells cells) {
    for (std::size_t done = 0; done < chosen.guests.size(); ++done) {
        const std::size_t index = order == NodeOrder::turned_round ? done : chosen.guests.size() - 1 - done;
        write_guest(tree, path, "domU" + std::to_string(index + 1), chosen.guests[index], cells);
    }
    if (order == NodeOrder::turned_round) return;
    for (const ModuleRow& row : module_rows)
        if (const auto module = find_module(tree, path, row); module && !chosen.guests.empty())
            tree.move_to_front(*module);
}

}  // namespace

std::optional<std::string> find_kernel_module(const DeviceTree& tree, const std::string& path) {
    return find_module(tree, path, row_of(ModuleKind::kernel));
}

std::optional<std::string> find_chosen_part(const DeviceTree& overlay) {
    for (const OverlayFragment& fragment : fragments(overlay)) {
        std::string part = fragment.path + "/__overlay__";
        if (fragment.target_path == "/") part += "/chosen";
        if ((fragment.target_path == "/" || fragment.target_path == "/chosen") && find_kernel_module(overlay, part))
            return part;
    }
    return std::nullopt;
}

std::vector<std::string> pcie_without_device_type(const DeviceTree& tree) {
    auto paths = tree.compatible_nodes("brcm,bcm2711-pcie");
    std::erase_if(paths, [&](const std::string& path) { return tree.property(path, "device_type").has_value(); });
    return paths;
}

void write_chosen(DeviceTree& tree, const std::string& path, const ChosenForXen& chosen,
                  std::optional<std::uint32_t> inherited_address_cells,
                  std::optional<std::uint32_t> inherited_size_cells, NodeOrder order) {
    const auto cells = [&](const char* name, std::optional<std::uint32_t> inherited) {
        const auto own = tree.cell(path, name);
        if (own || inherited) return own ? *own : *inherited;
        tree.set_cells(path, name, std::array<std::uint32_t, 1>{1});
        return std::uint32_t{1};
    };
    const std::uint32_t address_cells = cells("#address-cells", inherited_address_cells);
    const std::uint32_t size_cells = cells("#size-cells", inherited_size_cells);
    const auto place = [&](ModuleKind kind, const Range& range) {
        const std::string module = make_module(tree, path, row_of(kind));
        const bool keep_reg = kind == ModuleKind::kernel && chosen.keep_kernel_reg;
        if (!keep_reg || !tree.property(module, "reg"))
            tree.set_cells(module, "reg", encode_reg(range, address_cells, size_cells));
        return module;
    };

    tree.set_string(path, "xen,xen-bootargs", chosen.xen_bootargs);
    tree.set_string(path, "bootargs", chosen.dom0_bootargs);
    if (tree.property(path, "xen,dom0-bootargs")) tree.set_string(path, "xen,dom0-bootargs", chosen.dom0_bootargs);
    for (const auto& [kind, range] : chosen.modules) {
        const std::string module = place(kind, range);
        if (kind == ModuleKind::kernel && tree.property(module, "bootargs"))
            tree.set_string(module, "bootargs", chosen.dom0_bootargs);
    }
    write_guests(tree, path, chosen, order, {address_cells, size_cells});
}

}  // namespace rpixen
