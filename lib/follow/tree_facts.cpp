#include "follow/tree_facts.hpp"

#include <algorithm>

#include "devicetree/reserved_memory.hpp"

namespace rpixen {
namespace {

bool is_module(const std::vector<std::string>& compatible) {
    return std::any_of(compatible.begin(), compatible.end(), [](const std::string& word) {
        return word == "xen,multiboot-module" || word == "multiboot,module";
    });
}

struct Cells {
    std::uint32_t address = 2;  ///< Devicetree Specification 0.4, section 2.3.5
    std::uint32_t size = 1;
};

/// Xen hands a node's cells down to its children where they do not say their own (bootinfo-fdt.c,
/// device_tree_for_each_node).
Cells below(const DeviceTree& tree, const std::string& path, Cells inherited) {
    return {tree.cell(path, "#address-cells").value_or(inherited.address),
            tree.cell(path, "#size-cells").value_or(inherited.size)};
}

ModuleFacts module_facts(const DeviceTree& tree, const std::string& path, int depth, Cells cells) {
    ModuleFacts module;
    module.path = path;
    module.depth = depth;
    module.compatible = tree.strings(path, "compatible");
    module.bootargs = tree.string(path, "bootargs");
    const auto reg = tree.property(path, "reg");
    module.has_reg = reg.has_value();
    if (reg) {
        module.reg_fits_cells = reg->size() == std::size_t{4} * (std::uint64_t{cells.address} + cells.size);
        const auto ranges = decode_reg(tree.cells(path, "reg"), cells.address, cells.size);
        if (!ranges.empty()) module.range = ranges.front();
    }
    return module;
}

bool is_compatible(const DeviceTree& tree, const std::string& path, std::string_view word) {
    const auto words = tree.strings(path, "compatible");
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Facts: Xen docs/misc/arm/device-tree/booting.txt, "Creating Multiple Domains directly from Xen".
GuestFacts guest_facts(const DeviceTree& tree, const std::string& path, Cells cells) {
    GuestFacts guest;
    guest.path = path;
    guest.name = tree.string(path, "label").value_or(path.substr(path.rfind('/') + 1));
    const auto memory = tree.cells(path, "memory");  // KiB in 64 bits
    if (memory.size() == 2) guest.memory = (std::uint64_t{memory[0]} << 32 | memory[1]) * KiB;
    guest.cpus = tree.cell(path, "cpus");
    const auto enhanced = tree.string(path, "xen,enhanced");
    guest.xenstore = tree.property(path, "xen,enhanced") && (!enhanced || enhanced->empty() || *enhanced == "enabled");
    guest.enhanced = tree.property(path, "xen,enhanced") && enhanced != "disabled";
    guest.static_memory = tree.property(path, "xen,static-mem").has_value();
    guest.static_ranges = decode_reg(tree.cells(path, "xen,static-mem"), cells.address, cells.size);
    guest.direct_map = tree.property(path, "direct-map").has_value();
    guest.vpl011 = tree.property(path, "vpl011").has_value();
    guest.colours = tree.property(path, "llc-colors").has_value();
    for (const std::string& name : tree.children(path))
        if (is_compatible(tree, path + "/" + name, "xen,domain-shared-memory-v1")) guest.shared_memory = true;
    return guest;
}

void add_modules(const DeviceTree& tree, const std::string& parent, int depth, Cells cells, const std::string& domain,
                 TreeFacts& facts) {
    for (const std::string& name : tree.children(parent)) {
        const std::string path = parent + "/" + name;
        // Xen looks for guests among the children of /chosen only.
        const bool guest = depth == 2 && is_compatible(tree, path, "xen,domain");
        if (guest) facts.guests.push_back(guest_facts(tree, path, cells));
        if (is_module(tree.strings(path, "compatible"))) {
            facts.modules.push_back(module_facts(tree, path, depth, cells));
            facts.modules.back().domain = domain;
        }
        add_modules(tree, path, depth + 1, below(tree, path, cells), guest ? path : domain, facts);
    }
}

/// One or two cells.
std::optional<std::uint64_t> number(const DeviceTree& tree, const std::string& path, const std::string& name) {
    const auto cells = tree.cells(path, name);
    if (cells.size() == 1) return cells[0];
    if (cells.size() == 2) return std::uint64_t{cells[0]} << 32 | cells[1];
    return std::nullopt;
}

/// Bridges whose children Xen below 4.15 takes for devices of an ordinary bus.
void add_untyped_pcie(const DeviceTree& tree, const std::string& bridge, TreeFacts& facts) {
    bool bears = false;
    for (const std::string& name : tree.children(bridge)) {
        const std::string child = bridge + "/" + name;
        bears = bears || tree.property(child, "reg");
        if (!tree.children(child).empty()) add_untyped_pcie(tree, child, facts);
    }
    if (bears && tree.string(bridge, "device_type") != "pci") facts.untyped_pcie.push_back(bridge);
}

bool is_off(const DeviceTree& tree, const std::string& path) {
    const std::string status = tree.string(path, "status").value_or("okay");
    return status != "okay" && status != "ok";
}

void add_nodes(const DeviceTree& tree, TreeFacts& facts) {
    facts.nodes = tree.paths();
    for (const std::string& path : facts.nodes)
        if (std::string_view(path).substr(path.rfind('/') + 1).starts_with("serial@"))
            facts.serials.push_back({path, tree.strings(path, "compatible"), tree.string(path, "status").value_or(""),
                                     tree.has(path + "/bluetooth") && !is_off(tree, path + "/bluetooth")});
}

}  // namespace

TreeFacts tree_facts(const DeviceTree& tree) {
    TreeFacts facts;
    facts.total_size = tree.bytes().size();
    facts.root_compatible = tree.compatible();
    facts.has_symbols = tree.has_symbols();
    facts.is_overlay = tree.is_overlay();
    facts.chosen_address_cells = tree.cell("/chosen", "#address-cells");
    facts.chosen_size_cells = tree.cell("/chosen", "#size-cells");
    facts.xen_bootargs = tree.string("/chosen", "xen,xen-bootargs");
    facts.dom0_bootargs = tree.string("/chosen", "xen,dom0-bootargs");
    facts.bootargs = tree.string("/chosen", "bootargs");
    add_modules(tree, "/chosen", 2, below(tree, "/chosen", below(tree, "/", {})), "", facts);
    const auto initrd = number(tree, "/chosen", "linux,initrd-start");
    const auto initrd_end = number(tree, "/chosen", "linux,initrd-end");
    if (initrd && initrd_end && *initrd < *initrd_end) facts.initrd = Range{*initrd, *initrd_end};
    facts.static_heap = tree.property("/chosen", "xen,static-heap").has_value();
    for (const std::string& name : tree.children("/chosen"))
        facts.cpu_pools = facts.cpu_pools || is_compatible(tree, "/chosen/" + name, "xen,cpupool");
    for (const std::string& bridge : tree.compatible_nodes("brcm,bcm2711-pcie")) add_untyped_pcie(tree, bridge, facts);
    for (const Range& range : tree.memory_reservations()) facts.reservations.push_back({range, "", true});
    for (const ReservedMemory& reserved : reserved_memory(tree))
        facts.reservations.push_back({reserved.range, reserved.path, false});
    for (const std::string& alias : tree.properties("/aliases"))
        if (const auto path = tree.string("/aliases", alias)) facts.aliases[alias] = *path;
    add_nodes(tree, facts);
    return facts;
}

}  // namespace rpixen
