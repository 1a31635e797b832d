#include <algorithm>

#include "rules/rules.hpp"

// Chapter 4, first part: the device tree that reaches Xen.

namespace rpixen {
namespace {

constexpr std::uint64_t largest_tree = 2 * MiB;  // MAX_FDT_SIZE, xen/arch/arm/include/asm/setup.h
constexpr std::size_t longest_dtuart = 256;

bool contains(const std::vector<std::string>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

const DeviceTreeFacts* device_tree(const BootScenario& scenario) {
    return scenario.device_tree ? &*scenario.device_tree : nullptr;
}

/// The tree as Xen gets it, or as it is stored where that is all that is known.
const TreeFacts* effective(const BootScenario& scenario) {
    return scenario.device_tree && scenario.device_tree->effective ? &*scenario.device_tree->effective : nullptr;
}

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

Findings invalid(const BootScenario& scenario) {
    const DeviceTreeFacts* tree = device_tree(scenario);
    if (!tree || tree->valid) return {};
    return {{tree->file + " is no device tree", describe_size(tree->size) + " without a sound device tree header",
             "a flattened device tree (0xd00dfeed)", "use bcm2711-rpi-4-b.dtb of the kernel's build"}};
}

Findings misaligned(const BootScenario& scenario) {
    const DeviceTreeFacts* tree = device_tree(scenario);
    if (!tree || !tree->address || *tree->address % 8 == 0) return {};
    return {{"the device tree is not aligned to 8 bytes", format_address(*tree->address), "a multiple of 8",
             "load it to " + format_address(align_up(*tree->address, 4 * KiB))}};
}

Findings too_large(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree || tree->total_size <= largest_tree) return {};
    return {{"the device tree is too large for Xen", describe_size(tree->total_size),
             "at most " + describe_size(largest_tree), "give `fdt resize` a smaller number"}};
}

Findings is_overlay(const BootScenario& scenario) {
    const DeviceTreeFacts* tree = device_tree(scenario);
    if (!tree || !tree->as_stored || !tree->as_stored->is_overlay) return {};
    return {{tree->file + " is an overlay, not a board's device tree", "fragments with __overlay__",
             "a whole device tree", "use bcm2711-rpi-4-b.dtb"}};
}

Findings wrong_board(const BootScenario& scenario) {
    const DeviceTreeFacts* tree = device_tree(scenario);
    if (!tree || !tree->as_stored || tree->as_stored->is_overlay) return {};
    if (contains(tree->as_stored->root_compatible, "brcm,bcm2711")) {
        const BoardModel* board = scenario.firmware ? scenario.firmware->board : nullptr;
        const BoardModel* of_tree = board_of_tree(tree->as_stored->root_compatible);
        if (!board || !of_tree || of_tree == board) return {};
        return {{tree->file + " is for the " + std::string(of_tree->name),
                 "compatible " + describe_list(tree->as_stored->root_compatible), std::string(board->compatible),
                 "use the device tree of the " + std::string(board->name)}};
    }
    return {{tree->file + " is for another board", "compatible " + describe_list(tree->as_stored->root_compatible),
             "brcm,bcm2711", "use bcm2711-rpi-4-b.dtb"}};
}

/// Which of /chosen's lines goes where, by Xen's booting.txt.
Findings bootargs_astray(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree || !has_dom0(scenario)) return {};
    const bool script_sets = scenario.script && scenario.script->sets_bootargs.value_or(false) &&
                             !scenario.script->bootargs.empty();
    const std::string line = script_sets ? scenario.script->bootargs : tree->bootargs.value_or("");
    bool module_bootargs = false;
    for (const ModuleFacts& module : tree->modules)
        module_bootargs = module_bootargs || (module.domain.empty() && module.bootargs.has_value());
    if (!tree->xen_bootargs && (tree->dom0_bootargs || module_bootargs)) {
        if (line.find("root=") == std::string::npos && line.find("console=hvc0") == std::string::npos) return {};
        return {{"Linux' command line goes to Xen",
                 "bootargs \"" + line + "\", xen,dom0-bootargs but no xen,xen-bootargs", "xen,xen-bootargs in /chosen",
                 "add xen,xen-bootargs, so that bootargs is nobody's"}};
    }
    if (!tree->xen_bootargs && !tree->dom0_bootargs && !module_bootargs)
        return {{"Xen gets no command line", "neither xen,xen-bootargs nor xen,dom0-bootargs in /chosen",
                 "xen,xen-bootargs with dom0_mem, console and dtuart",
                 "apply the overlay pi4-64-xen, or write the property"}};
    return {};
}

/// "dtuart=serial0, /soc/serial@7e201000, which has a bluetooth node below it"
std::string bluetooth_port(const std::string& dtuart, const std::string& path) {
    return "dtuart=" + dtuart + (dtuart.starts_with(path) ? "" : ", " + path) + ", which has a bluetooth node below it";
}

/// The mini UART, by its alias where it has one.
std::string header_port(const TreeFacts& tree) {
    for (const TreeFacts::Serial& serial : tree.serials) {
        if (!contains(serial.compatible, "brcm,bcm2835-aux-uart")) continue;
        for (const auto& [alias, path] : tree.aliases)
            if (path == serial.path && alias.starts_with("serial")) return "dtuart=" + alias + " or dtuart=" + path;
        return "dtuart=" + serial.path;
    }
    return "dtuart=/soc/serial@7e215040";
}

Findings no_console(const BootScenario& scenario) {
    if (!scenario.xen_bootargs) return {};
    const auto dtuart = command_line_value(*scenario.xen_bootargs, "dtuart");
    const TreeFacts* tree = effective(scenario);
    if (!dtuart || dtuart->empty()) {
        return {{"Xen is given no serial port", "\"" + *scenario.xen_bootargs + "\"", "console=dtuart dtuart=<path>",
                 "add console=dtuart dtuart=/soc/serial@7e215040"}};
    }
    if (dtuart->size() >= longest_dtuart)
        return {{"the dtuart option is too long", std::to_string(dtuart->size()) + " bytes", "at most 255",
                 "use an alias"}};
    if (!tree || tree->serials.empty()) return {};
    std::string path = dtuart->substr(0, dtuart->find(':'));
    if (path.front() != '/') {
        const auto alias = tree->aliases.find(path);
        if (alias == tree->aliases.end())
            return {{"Xen will not find its serial port", "dtuart=" + *dtuart + ", no such alias",
                     "a path or an alias of the tree", "use dtuart=/soc/serial@7e215040"}};
        path = alias->second;
    }
    for (const TreeFacts::Serial& serial : tree->serials) {
        if (serial.path != path) continue;
        if (!serial.status.empty() && serial.status != "okay" && serial.status != "ok")
            return {{"Xen's serial port is switched off in the device tree",
                     path + " has status \"" + serial.status + "\"", "status \"okay\"",
                     "enable the node, or name another one in dtuart="}};
        if (!contains(serial.compatible, "brcm,bcm2835-aux-uart") && !contains(serial.compatible, "arm,pl011"))
            return {{"Xen has no driver for its serial port", path + " is " + describe_list(serial.compatible),
                     "brcm,bcm2835-aux-uart or arm,pl011", "name another port in dtuart="}};
        if (serial.bluetooth && !(scenario.firmware && header_has_pl011(*scenario.firmware)))
            return {{"Xen's serial port is the one of the Bluetooth chip", bluetooth_port(*dtuart, path),
                     "the port on the header", "use " + header_port(*tree)}};
        return {};
    }
    std::vector<std::string> paths;
    for (const TreeFacts::Serial& serial : tree->serials) paths.push_back(serial.path);
    return {{"Xen will not find its serial port", "dtuart=" + *dtuart + ", the tree has " + describe_list(paths),
             "a path of the tree", "use dtuart=" + paths.front()}};
}

Findings loses_firmware_edits(const BootScenario& scenario) {
    const DeviceTreeFacts* tree = device_tree(scenario);
    if (!tree || tree->from_firmware || !scenario.uboot || scenario.uboot->year == 0) return {};
    const UBootFacts& uboot = *scenario.uboot;
    if (uboot.year < 2023 || (uboot.year == 2023 && uboot.month < 4))
        return {{"the device tree from the card lacks what the firmware would have written into its own", uboot.banner,
                 "U-Boot v2023.04 or newer, which copies the edits", "use a newer U-Boot, or start from ${fdt_addr}"}};
    if (!tree->as_stored || tree->as_stored->is_overlay) return {};
    std::vector<std::string> missing;
    for (const char* alias : {"emmc2bus", "pcie0"})
        if (!tree->as_stored->aliases.contains(alias)) missing.emplace_back(alias);
    if (missing.empty()) return {};
    return {{"U-Boot cannot copy the firmware's edits into the device tree from the card",
             "no alias " + describe_list(missing) + " in " + tree->file, "the aliases emmc2bus and pcie0",
             "use a device tree that has them (Linux 5.10 or newer)"}};
}

Findings twice_applied(const BootScenario& scenario) {
    if (!scenario.firmware || !scenario.device_tree || scenario.device_tree->from_firmware) return {};
    Findings findings;
    for (const std::string& value : config_values(*scenario.firmware, "dtoverlay")) {
        const std::string name = value.substr(0, value.find(','));
        for (const OverlayFacts& overlay : scenario.overlays) {
            const std::string file = last_part(overlay.file);
            if (overlay.at_boot && file.substr(0, file.rfind('.')) == name)
                findings.push_back({"config.txt and the script both apply " + name,
                                    "dtoverlay=" + value + " and fdt apply of " + overlay.file, "one of them",
                                    "remove the dtoverlay line: the script does not use the firmware's tree"});
        }
    }
    return findings;
}

constexpr Rule rules[] = {
    {{.id = "dtb-invalid",
      .rule = "D1",
      .severity = Severity::error,
      .title = "The device tree is none",
      .why = "booti finds no tree and stops, or Xen panics before it has a console.",
      .story = "A flattened device tree begins with 0xd00dfeed and has sound offsets. A text file, a page "
               "saved from a web site or half a download does not.",
      .source = "Devicetree specification 0.4, chapter 5"},
     invalid},
    {{.id = "dtb-misaligned",
      .rule = "D1a",
      .severity = Severity::error,
      .title = "The device tree is not aligned to 8 bytes",
      .why = "Xen panics with \"must be 8-byte aligned\", often before it can print it.",
      .story = "Both Xen (MIN_FDT_ALIGN) and Linux (booting.rst) want 8 bytes. fdt_high=~0 keeps U-Boot from "
               "moving the tree to a good place.",
      .source = "xen xen/common/device-tree/bootfdt.c; linux Documentation/arch/arm64/booting.rst"},
     misaligned},
    {{.id = "dtb-too-large",
      .rule = "D1b",
      .severity = Severity::error,
      .title = "The device tree is larger than 2 MiB",
      .why = "Xen maps 2 MiB for it and panics with \"must not exceed 2 MB\".",
      .story = "It is totalsize that counts, also the empty room that `fdt resize` made: `fdt resize 200000` "
               "is 2 MiB, since U-Boot reads numbers as hex.",
      .source = "xen xen/arch/arm/include/asm/setup.h MAX_FDT_SIZE"},
     too_large},
    {{.id = "bootargs-astray",
      .rule = "D10",
      .severity = Severity::warning,
      .title = "A command line reaches the wrong one of Xen and dom0",
      .why = "Which property goes to whom depends on which of the others are there.",
      .story = "For dom0 xen,dom0-bootargs comes before a module's bootargs, and those before "
               "/chosen/bootargs. U-Boot writes its variable bootargs to /chosen/bootargs. Where "
               "xen,xen-bootargs is absent but xen,dom0-bootargs or a module's bootargs is there, "
               "/chosen/bootargs goes to Xen; with no Xen property at all it goes to dom0 "
               "and Xen gets none.",
      .source = "xen docs/misc/arm/device-tree/booting.txt, \"Command lines\""},
     bootargs_astray},
    {{.id = "xen-console-missing",
      .rule = "D11",
      .severity = Severity::warning,
      .title = "Xen will have no serial console",
      .why = "Without dtuart= naming a node that is there, enabled and known to it, Xen says nothing at all.",
      .story = "dtuart= takes a path or an alias, and options behind a colon. The node must be enabled: "
               "uart1 is disabled in bcm283x.dtsi and okay in bcm2711-rpi-4-b.dts. Xen drives "
               "brcm,bcm2835-aux-uart and arm,pl011. The option is cut at 256 bytes. In the trees of kernel.org "
               "serial0 is the PL011, whose lines go to the Bluetooth chip (the node has a child bluetooth): "
               "ImageBuilder's dtuart=serial0 is silent there, and serial1 is the port on the header. In the trees of "
               "raspberrypi/linux it is the other way round.",
      .source = "xen xen/drivers/char/arm-uart.c, ns16550.c, pl011.c"},
     no_console},
    {{.id = "dtb-loses-firmware-edits",
      .rule = "D12",
      .severity = Severity::warning,
      .title = "A device tree from the card lacks the firmware's edits",
      .why = "The firmware writes DMA ranges, reservations and the PHY of this very board into its own tree "
             "only.",
      .story = "U-Boot copies some of it (memory reservations, cma, dma-ranges of emmc2bus and pcie0, PHY, "
               "UART clock) since v2023.04 (6d064249499), and finds the two buses through the "
               "aliases emmc2bus and pcie0. With an older U-Boot a tree from the FAT has the DMA ranges it "
               "was compiled with, which is wrong on newer steppings "
               "of the chip.",
      .source = "u-boot board/raspberrypi/rpi/rpi.c"},
     loses_firmware_edits},
    {{.id = "overlay-applied-twice",
      .rule = "D14",
      .severity = Severity::warning,
      .title = "config.txt and the script both apply the same overlay",
      .why = "dtoverlay= edits the firmware's tree, which the script then discards.",
      .story = "The line in config.txt looks as if it mattered. It costs boot time and hides which of the "
               "two was meant.",
      .source = "meta-virt-rpi config.txt"},
     twice_applied},
    {{.id = "dtb-is-an-overlay",
      .rule = "D15",
      .severity = Severity::error,
      .title = "An overlay stands where the board's device tree should",
      .why = "It has no memory, no processors and no devices.",
      .story = "Overlays and trees have the same magic; an overlay has fragments with __overlay__ nodes.",
      .source = "dtc Documentation/dt-object-internal.txt"},
     is_overlay},
    {{.id = "dtb-of-another-board",
      .rule = "D15a",
      .severity = Severity::error,
      .title = "The device tree is for another board",
      .why = "Its addresses are those of another chip.",
      .story = "A tree for the Raspberry Pi 4 has brcm,bcm2711 in the root's compatible.",
      .source = "linux arch/arm/boot/dts/broadcom/bcm2711.dtsi"},
     wrong_board},
};

}  // namespace

std::span<const Rule> device_tree_rules() {
    return rules;
}

}  // namespace rpixen
