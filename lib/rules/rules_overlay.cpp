#include <algorithm>

#include "rules/rules.hpp"

// Chapter 4, third part: overlays, above all those that U-Boot applies at boot.

namespace rpixen {
namespace {

/// What `fdt resize` leaves at the very least: room for five memory reservations.
constexpr std::uint64_t least_room = 80;

bool proven(const OverlayFacts& overlay) {
    return overlay.room && overlay.needed && !overlay.cannot_be_applied();
}

Findings lacks_room(const BootScenario& scenario) {
    Findings findings;
    for (const OverlayFacts& overlay : scenario.overlays) {
        if (!overlay.at_boot || !overlay.lacks_room()) continue;
        const std::uint64_t extra = align_up(*overlay.needed, 4 * KiB);
        findings.push_back(
            {"there is no room in the device tree for " + overlay.file,
             describe_size(*overlay.room) + (overlay.resized ? " free after `fdt resize" +
                                                                   (overlay.resize_argument.value_or("").empty()
                                                                        ? std::string()
                                                                        : " " + *overlay.resize_argument) +
                                                                   "`"
                                                             : " free, and no `fdt resize` before"),
             "at least " + describe_size(*overlay.needed),
             "use `fdt resize " + format_address(extra) + "` before `fdt apply`"});
    }
    return findings;
}

Findings room_by_luck(const BootScenario& scenario) {
    Findings findings;
    const bool address_known = scenario.device_tree && scenario.device_tree->address &&
                               !scenario.device_tree->from_firmware;
    if (address_known) return {};
    for (const OverlayFacts& overlay : scenario.overlays) {
        if (!overlay.at_boot || overlay.lacks_room() || !overlay.needed || *overlay.needed <= least_room) continue;
        if (!overlay.resized || !overlay.resize_argument.value_or("").empty()) continue;
        findings.push_back(
            {"whether " + overlay.file + " fits depends on where the device tree happens to lie",
             "`fdt resize` without a number leaves 80 to 4175 bytes, " + describe_size(*overlay.needed) + " are needed",
             "room that does not depend on the address", "use `fdt resize 0x1000`, or load the tree to ${fdt_addr_r}"});
    }
    return findings;
}

Findings spoils_base(const BootScenario& scenario) {
    Findings findings;
    for (const OverlayFacts& overlay : scenario.overlays) {
        if (!overlay.at_boot || overlay.base_kept || proven(overlay)) continue;
        findings.push_back({"if " + overlay.file + " cannot be applied, the device tree is lost too",
                            "`fdt apply` to the only copy of the tree",
                            "a copy, or the tree loaded anew where it fails",
                            "use `fdt move` to a second place first"});
    }
    return findings;
}

Findings target_missing(const BootScenario& scenario) {
    Findings findings;
    for (const OverlayFacts& overlay : scenario.overlays) {
        if (overlay.missing_target.empty()) continue;
        const bool label = overlay.missing_target.front() != '/';
        const bool no_symbols = scenario.device_tree && scenario.device_tree->as_stored &&
                                !scenario.device_tree->as_stored->has_symbols;
        if (label && no_symbols) continue;  // the next rule
        findings.push_back({overlay.file + " changes a node that this device tree does not have",
                            "target " + overlay.missing_target,
                            overlay.similar_target.empty() ? "a node of this tree"
                                                           : "the tree has at that place: " + overlay.similar_target,
                            "use an overlay made for this device tree, or the built-in pi4-64-xen overlay"});
    }
    return findings;
}

Findings needs_symbols(const BootScenario& scenario) {
    Findings findings;
    for (const OverlayFacts& overlay : scenario.overlays) {
        if (overlay.missing_target.empty() || overlay.missing_target.front() == '/') continue;
        if (!scenario.device_tree || !scenario.device_tree->as_stored || scenario.device_tree->as_stored->has_symbols)
            continue;
        findings.push_back({overlay.file + " names nodes by label, and this device tree keeps no labels",
                            "label " + overlay.missing_target + ", no /__symbols__",
                            "a tree compiled with dtc -@, or an overlay with target-path",
                            "build the tree with DTC_FLAGS=-@"});
    }
    return findings;
}

Findings not_applicable(const BootScenario& scenario) {
    Findings findings;
    for (const OverlayFacts& overlay : scenario.overlays)
        if (!overlay.failure.empty() && overlay.missing_target.empty() && overlay.valid && overlay.is_overlay)
            findings.push_back({overlay.file + " cannot be applied to this device tree", overlay.failure,
                                "an overlay that libfdt applies", "try fdtoverlay on the host and mend the overlay"});
    return findings;
}

Findings no_overlay(const BootScenario& scenario) {
    Findings findings;
    for (const OverlayFacts& overlay : scenario.overlays)
        if (!overlay.valid || !overlay.is_overlay)
            findings.push_back({overlay.file + " is no overlay",
                                overlay.valid ? "a device tree without __overlay__ nodes" : "no device tree at all",
                                "a compiled overlay (.dtbo)", "compile it with dtc -@ from a source with /plugin/"});
    return findings;
}

constexpr Rule rules[] = {
    {{.id = "overlay-no-room",
      .rule = "D2",
      .severity = Severity::error,
      .title = "U-Boot has no room in the device tree for an overlay",
      .why = "`fdt apply` fails with FDT_ERR_NOSPACE and destroys the tree.",
      .story = "`fdt resize [extra]` sets the total size to ALIGN(end of strings + 80 + extra + (address & "
               "0xfff), 4096) - (address & 0xfff). It shrinks before it grows, so "
               "the free room is 80 to 4175 bytes plus extra, depending on the size of the tree and the low "
               "bits of its address. The number is read as hex: "
               "\"1024\" is 4132 bytes. Here the formula is computed at the real address, and the bytes an "
               "overlay needs are found by applying it.",
      .source = "u-boot boot/fdt_support.c fdt_shrink_to_minimum"},
     lacks_room},
    {{.id = "overlay-room-by-luck",
      .rule = "D3",
      .severity = Severity::warning,
      .title = "Whether an overlay fits depends on the tree's address",
      .why = "The firmware puts its tree where it likes, and the free room follows from the address.",
      .story = "On an upstream tree of 28,803 bytes the DornerWorks overlay needs 400 bytes and the 4.19-era "
               "one 236. Over the 512 possible 8-byte placements a bare "
               "`fdt resize` leaves too little for 40 and 20 of them. Such a card works for one build and "
               "fails for the next.",
      .source = "computed with libfdt on the host"},
     room_by_luck},
    {{.id = "overlay-spoils-tree",
      .rule = "D4",
      .severity = Severity::warning,
      .title = "A failed overlay would destroy the device tree",
      .why = "libfdt writes 0xffffffff over both magics when applying fails.",
      .story = "fdt_overlay_apply damages the base on purpose when it fails half-way, so a later booti gets "
               "no tree (\"ERROR: Did not find a cmdline Flattened Device Tree\"). The overlay's "
               "own magic is gone also when it succeeds. The rule is raised where it is not proven that the "
               "overlay applies.",
      .source = "dtc libfdt/fdt_overlay.c; FreeBSD rS327991"},
     spoils_base},
    {{.id = "overlay-target-missing",
      .rule = "D5",
      .severity = Severity::error,
      .title = "An overlay changes a node that the tree does not have",
      .why = "`fdt apply` fails with FDT_ERR_NOTFOUND and destroys the tree.",
      .story = "Device trees change. /scb became /scb-bus@fc000000 in the device trees of 2026 (Linux "
               "v7.1-era, U-Boot v2026.07), and the 4.19-era pi4-64-xen overlay has it as its target. "
               "The PCIe node carries device_type itself there, so that fragment is not needed any more; the "
               "built-in overlay serves both.",
      .source = "linux arch/arm/boot/dts/broadcom/bcm2711.dtsi; dtc libfdt/fdt_overlay.c"},
     target_missing},
    {{.id = "overlay-needs-symbols",
      .rule = "D6",
      .severity = Severity::error,
      .title = "An overlay uses labels and the tree has none",
      .why = "Labels are resolved through /__symbols__, which is there only when the tree was compiled with -@.",
      .story = "An overlay that says &uart1 carries the label's name in __fixups__. Without /__symbols__ "
               "libfdt has nothing to look it up in.",
      .source = "dtc libfdt/fdt_overlay.c overlay_fixup_phandles"},
     needs_symbols},
    {{.id = "overlay-not-applicable",
      .rule = "D6a",
      .severity = Severity::error,
      .title = "An overlay cannot be applied",
      .why = "`fdt apply` fails and destroys the tree.",
      .story = "libfdt's own word is given. FDT_ERR_BADOVERLAY is a damaged or hand-made fragment; "
               "FDT_ERR_BADMAGIC no tree.",
      .source = "dtc libfdt/fdt_overlay.c"},
     not_applicable},
    {{.id = "overlay-is-none",
      .rule = "D15b",
      .severity = Severity::error,
      .title = "What is applied as an overlay is none",
      .why = "A whole device tree has no fragments, so nothing is applied, or `fdt apply` fails.",
      .story = "An overlay is compiled from a source with /plugin/ and has fragments with __overlay__ nodes.",
      .source = "dtc Documentation/dt-object-internal.txt"},
     no_overlay},
};

}  // namespace

std::span<const Rule> overlay_rules() {
    return rules;
}

}  // namespace rpixen
