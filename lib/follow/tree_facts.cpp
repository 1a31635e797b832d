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

void add_modules(const DeviceTree& tree, const std::string& parent, int depth, Cells cells, TreeFacts& facts) {
    for (const std::string& name : tree.children(parent)) {
        const std::string path = parent + "/" + name;
        if (is_module(tree.strings(path, "compatible")))
            facts.modules.push_back(module_facts(tree, path, depth, cells));
        add_modules(tree, path, depth + 1, below(tree, path, cells), facts);
    }
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
    add_modules(tree, "/chosen", 2, below(tree, "/chosen", below(tree, "/", {})), facts);
    for (const Range& range : tree.memory_reservations()) facts.reservations.push_back({range, "", true});
    for (const ReservedMemory& reserved : reserved_memory(tree))
        facts.reservations.push_back({reserved.range, reserved.path, false});
    for (const std::string& alias : tree.properties("/aliases"))
        if (const auto path = tree.string("/aliases", alias)) facts.aliases[alias] = *path;
    add_nodes(tree, facts);
    return facts;
}

}  // namespace rpixen
