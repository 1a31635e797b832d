#include <algorithm>

#include "rules/rules.hpp"

// Chapter 4, second part: the boot modules below /chosen.

namespace rpixen {
namespace {

constexpr std::size_t most_modules = 32;            // MAX_MODULES, xen/include/xen/bootinfo.h
constexpr std::size_t longest_command_line = 1024;  // BOOTMOD_MAX_CMDLINE, xen/include/xen/bootfdt.h
constexpr std::size_t longest_name = 41;            // DT_MAX_NAME, xen/include/xen/bootinfo.h

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// The tree as Xen gets it, or as it is stored where that is all that is known.
const TreeFacts* effective(const BootScenario& scenario) {
    return scenario.device_tree && scenario.device_tree->effective ? &*scenario.device_tree->effective : nullptr;
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

Findings module_missing(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree || !has_dom0(scenario)) return {};
    for (const ModuleFacts& module : tree->modules)
        if (module.domain.empty() &&
            (contains(module.compatible, "xen,multiboot-module") || contains(module.compatible, "multiboot,module")))
            return {};
    return {{"the device tree names no kernel for dom0", "no node with xen,multiboot-module under /chosen",
             "a /chosen/dom0 with reg and compatible", "apply the overlay pi4-64-xen, or write the node"}};
}

Findings module_without_reg(const BootScenario& scenario) {
    Findings findings;
    const TreeFacts* tree = effective(scenario);
    if (!tree) return {};
    for (const ModuleFacts& module : tree->modules)
        if (!module.has_reg)
            findings.push_back({module.path + " has no reg", "no property reg", "reg = <address size>",
                                "add the address and size of the module"});
    return findings;
}

Findings reg_unreadable(const BootScenario& scenario) {
    Findings findings;
    const TreeFacts* tree = effective(scenario);
    if (!tree) return {};
    const auto cells = [](const std::optional<std::uint32_t>& value, const char* inherited) {
        return value ? std::to_string(*value) : std::string(inherited);
    };
    for (const ModuleFacts& module : tree->modules)
        if (module.has_reg && !module.reg_fits_cells)
            findings.push_back({"the reg of " + module.path + " does not fit /chosen's cells",
                                "#address-cells " + cells(tree->chosen_address_cells, "missing (the root's count)") +
                                    ", #size-cells " + cells(tree->chosen_size_cells, "missing (the root's count)"),
                                "reg with exactly that many cells",
                                "write #address-cells and #size-cells into /chosen"});
    return findings;
}

Findings module_misplaced(const BootScenario& scenario) {
    Findings findings;
    const TreeFacts* tree = effective(scenario);
    if (!tree) return {};
    for (const ModuleFacts& module : tree->modules) {
        if (module.depth > 3)
            findings.push_back({module.path + " lies too deep for Xen to see it",
                                "depth " + std::to_string(module.depth), "at most 3", "move the node under /chosen"});
        if (last_part(module.path).size() > longest_name)
            findings.push_back({"the name of " + module.path + " is too long",
                                std::to_string(last_part(module.path).size()) + " letters", "at most 41",
                                "give it a shorter name"});
        if (module.bootargs && module.bootargs->size() >= longest_command_line)
            findings.push_back({"the bootargs of " + module.path + " are too long",
                                std::to_string(module.bootargs->size()) + " bytes", "at most 1023", "shorten them"});
    }
    if (tree->modules.size() > most_modules)
        findings.push_back({"the device tree has too many boot modules", std::to_string(tree->modules.size()),
                            "at most 32", "remove some"});
    return findings;
}

Findings module_kind_guessed(const BootScenario& scenario) {
    Findings findings;
    const TreeFacts* tree = effective(scenario);
    if (!tree) return {};
    for (const ModuleFacts& module : tree->modules) {
        const bool named = contains(module.compatible, "multiboot,device-tree") ||
                           std::any_of(module_rows.begin(), module_rows.end(),
                                       [&](const ModuleRow& row) { return row.names(module.compatible); });
        if (!named && contains(module.compatible, "xen,multiboot-module"))
            findings.push_back({"Xen has to guess what " + module.path + " is",
                                "compatible " + describe_list(module.compatible),
                                "xen,linux-zimage, xen,linux-initrd or xen,xsm-policy beside it",
                                "add the word that says what the module is"});
    }
    return findings;
}

/// Every module's reg must begin at something that was loaded, and everything loaded for Xen must have its
/// module.
Findings reg_not_loaded(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree) return {};
    // A script that stopped before has not loaded everything yet.
    if (scenario.script && !scenario.script->reaches_booti) return {};
    std::vector<const Placement*> loads;
    for (const Placement& placement : scenario.placements)
        if (placement.role == Placement::Role::module || placement.role == Placement::Role::guest ||
            placement.role == Placement::Role::other)
            loads.push_back(&placement);
    if (loads.empty()) return {};
    Findings findings;
    for (const ModuleFacts& module : tree->modules) {
        if (!module.range) continue;
        const bool found = std::any_of(loads.begin(), loads.end(),
                                       [&](const Placement* load) { return load->range.begin == module.range->begin; });
        if (found) continue;
        std::vector<std::string> places;
        for (const Placement* load : loads) places.push_back(load->name + " at " + format_address(load->range.begin));
        findings.push_back({"nothing is loaded where " + module.path + " points",
                            module.path + " " + describe_range(*module.range) + "; " + describe_list(places),
                            "the address of a load",
                            "make the script's address and the reg of " + module.path + " the same"});
    }
    return findings;
}

Findings initrd_reg_too_small(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree) return {};
    Findings findings;
    for (const ModuleFacts& module : tree->modules)
        for (const Placement& load : scenario.placements)
            if (load.role == Placement::Role::module && load.module != ModuleKind::kernel && module.range &&
                module.range->begin == load.range.begin && module.range->size() != load.range.size())
                findings.push_back(
                    {"the reg of " + module.path + " is not the size of " + load.name,
                     "reg " + describe_size(module.range->size()) + ", file " + describe_size(load.range.size()),
                     "exactly the file's size", "set the size in reg to " + format_address(load.range.size())});
    return findings;
}

constexpr Rule rules[] = {
    {{.id = "module-reg-misread",
      .rule = "D7",
      .severity = Severity::error,
      .title = "A module's reg does not fit /chosen's cell counts",
      .why = "Xen reads address and size from the wrong cells, or panics that reg is too short.",
      .story = "The root of bcm2711 has 2 address cells and 1 size cell, and /chosen inherits them where it "
               "has none of its own. The well-known overlays set both to 1. "
               "A reg written for other counts is read wrongly.",
      .source = "xen xen/common/device-tree/bootinfo-fdt.c process_multiboot_node"},
     reg_unreadable},
    {{.id = "dom0-module-missing",
      .rule = "D8",
      .severity = Severity::error,
      .title = "The device tree has no boot module",
      .why = "Xen panics with \"Missing kernel boot module?\".",
      .story = "Xen finds dom0's kernel only through a node under /chosen whose compatible has "
               "xen,multiboot-module. It is missing where an overlay was not applied, which a "
               "script with `;` between its steps does not notice.",
      .source = "xen xen/arch/arm/domain_build.c construct_hwdom"},
     module_missing},
    {{.id = "module-without-reg",
      .rule = "D8a",
      .severity = Severity::error,
      .title = "A boot module has no reg",
      .why = "Xen panics with \"missing `reg' property\".",
      .story = "reg is where the boot loader put the module and how large it is.",
      .source = "xen xen/common/device-tree/bootinfo-fdt.c process_multiboot_node"},
     module_without_reg},
    {{.id = "module-misplaced",
      .rule = "D8b",
      .severity = Severity::error,
      .title = "A boot module is too deep, too many, or has too long a name or command line",
      .why = "Xen does not look below depth 3, and its tables hold 32 modules, names of 41 and command lines "
             "of 1024 bytes.",
      .story = "The limits are constants of Xen: DEVICE_TREE depth 3 in early_scan_node, MAX_MODULES, "
               "DT_MAX_NAME, BOOTMOD_MAX_CMDLINE. Beyond the last one it panics.",
      .source = "xen xen/include/xen/bootinfo.h, xen/include/xen/bootfdt.h"},
     module_misplaced},
    {{.id = "module-kind-guessed",
      .rule = "D8c",
      .severity = Severity::warning,
      .title = "Xen has to guess what a boot module is",
      .why = "It takes the first unknown one for the kernel and the second for the initrd or the XSM policy.",
      .story = "A compatible beside xen,multiboot-module says the kind: xen,linux-zimage, xen,linux-initrd, "
               "xen,xsm-policy. Without it the order of the nodes decides.",
      .source = "xen xen/common/device-tree/bootinfo-fdt.c process_multiboot_node"},
     module_kind_guessed},
    {{.id = "module-not-loaded",
      .rule = "D9",
      .severity = Severity::error,
      .title = "A module's reg points to where nothing is loaded",
      .why = "Xen reads whatever lies there and finds no kernel in it.",
      .story = "In most systems the script and the overlay both hold the address, and they are edited "
               "separately. Here one planner feeds both.",
      .source = "xen xen/arch/arm/kernel.c kernel_probe"},
     reg_not_loaded},
    {{.id = "module-reg-wrong-size",
      .rule = "D9a",
      .severity = Severity::error,
      .title = "The reg of an initrd or XSM policy is not the file's size",
      .why = "dom0 gets a cut-off initrd, or one with garbage behind it.",
      .story = "Xen copies as many bytes as reg says and hands dom0 linux,initrd-start and -end accordingly. "
               "A packed initrd with garbage behind it fails in the kernel with "
               "\"junk within compressed archive\".",
      .source = "xen xen/arch/arm/domain_build.c initrd_load"},
     initrd_reg_too_small},
};

}  // namespace

std::span<const Rule> module_rules() {
    return rules;
}

}  // namespace rpixen
