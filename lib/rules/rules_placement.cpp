#include <algorithm>

#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

// Chapter 3: what stands where in memory.

namespace rpixen {
namespace {

using Role = Placement::Role;

bool is_module(Role role) {
    return role == Role::module || role == Role::guest;
}

/// Files and what they become; reservations have rules of their own.
bool is_load(Role role) {
    return role == Role::xen || is_module(role) || role == Role::device_tree || role == Role::overlay ||
           role == Role::other;
}

bool at_the_same_time(const Placement& a, const Placement& b) {
    return a.from <= b.until && b.from <= a.until;
}

Findings overlap(const BootScenario& scenario) {
    Findings findings;
    const auto& all = scenario.placements;
    for (std::size_t first = 0; first < all.size(); ++first) {
        for (std::size_t second = first + 1; second < all.size(); ++second) {
            const Placement& a = all[first];
            const Placement& b = all[second];
            if (!is_load(a.role) || !is_load(b.role) || !a.range.overlaps(b.range) || !at_the_same_time(a, b)) continue;
            // What Xen covers after booti has a rule of its own.
            const bool other_is_scratch = a.role == Role::overlay || b.role == Role::overlay;
            if ((a.role == Role::xen || b.role == Role::xen) && !other_is_scratch) continue;
            const Placement& low = a.range.begin <= b.range.begin ? a : b;
            const Placement& high = &low == &a ? b : a;
            findings.push_back(
                {a.name + " and " + b.name + " overlap in memory",
                 low.name + " " + describe_range(low.range) + ", " + high.name + " " + describe_range(high.range),
                 "no byte in common",
                 "move " + high.name + " to " + format_address(align_up(low.range.end, 2 * MiB)) + " or above"});
        }
    }
    return findings;
}

Findings in_reserved_memory(const BootScenario& scenario) {
    Findings findings;
    if (!scenario.device_tree || !scenario.device_tree->effective) return {};
    for (const Placement& module : scenario.placements) {
        if (!is_module(module.role)) continue;
        for (const TreeFacts::Reservation& reservation : scenario.device_tree->effective->reservations) {
            if (!module.range.overlaps(reservation.range)) continue;
            if (reservation.memreserve && reservation.range.contains(module.range)) continue;
            findings.push_back(
                {module.name + " lies in memory that the device tree reserves",
                 module.name + " " + describe_range(module.range) + ", " +
                     (reservation.memreserve ? "/memreserve/" : reservation.name) + " " +
                     describe_range(reservation.range),
                 "outside of it",
                 "move " + module.name + " to " + format_address(align_up(reservation.range.end, 2 * MiB))});
        }
    }
    return findings;
}

Findings scratch_in_armstub(const BootScenario& scenario) {
    if (!scenario.firmware || !scenario.firmware->armstub) return {};
    const Range& stub = *scenario.firmware->armstub;
    Findings findings;
    for (const Placement& load : scenario.placements) {
        if (!is_load(load.role) || !load.range.overlaps(stub)) continue;
        findings.push_back({load.name + " is loaded over the armstub",
                            load.name + " " + describe_range(load.range) + ", armstub=" +
                                config_value(*scenario.firmware, "armstub").value_or("") + " " + describe_range(stub),
                            "nothing below " + format_address(stub.end),
                            "load " + load.name + " elsewhere, or remove armstub= from config.txt"});
    }
    return findings;
}

Findings over_reserved(const BootScenario& scenario) {
    Findings findings;
    for (const Placement& load : scenario.placements) {
        if (!is_load(load.role)) continue;
        for (const Placement& reserved : scenario.placements) {
            if (reserved.role != Role::reserved || !load.range.overlaps(reserved.range)) continue;
            findings.push_back({"U-Boot will refuse to load " + load.name,
                                load.name + " " + describe_range(load.range) + ", " + reserved.name + " " +
                                    describe_range(reserved.range),
                                "memory that nobody uses", "move " + load.name + " out of it"});
        }
    }
    return findings;
}

Findings beyond_low_memory(const BootScenario& scenario) {
    Findings findings;
    const std::uint64_t top = board_ram(1 * GiB).front().end;
    for (const Placement& load : scenario.placements) {
        if (!is_load(load.role) || load.range.end <= top) continue;
        findings.push_back({load.name + " does not lie in the memory that every board has",
                            load.name + " " + describe_range(load.range), "below " + format_address(top),
                            "place it lower"});
    }
    return findings;
}

Findings lmb_regions(const BootScenario& scenario) {
    if (!scenario.uboot || scenario.uboot->year == 0 || scenario.uboot->year > 2023 ||
        (scenario.uboot->year == 2023 && scenario.uboot->month > 1))
        return {};
    if (!scenario.device_tree || !scenario.device_tree->effective) return {};
    const std::size_t count = scenario.device_tree->effective->reservations.size();
    if (count < 8) return {};
    return {{"this U-Boot may refuse loads for no reason",
             std::to_string(count) + " reserved regions, " + scenario.uboot->banner,
             "fewer than 8, or U-Boot v2023.04 or newer", "use U-Boot v2023.04 or newer"}};
}

Findings splits_low_memory(const BootScenario& scenario) {
    if (!scenario.xen_bootargs) return {};
    const auto text = command_line_value(*scenario.xen_bootargs, "dom0_mem");
    const auto wanted = text ? parse_dom0_mem(*text) : std::nullopt;
    if (!wanted || *wanted == 0) return {};
    constexpr std::uint64_t limit = 0x6000000;
    std::vector<Range> all;
    std::vector<Range> low;
    std::vector<std::string> names;
    for (const Placement& load : scenario.placements) {
        if (!is_load(load.role) || load.role == Role::overlay || load.role == Role::other) continue;
        all.push_back(load.range);
        if (load.range.begin < limit)
            low.push_back(load.range);
        else
            names.push_back(load.name + " at " + format_address(load.range.begin));
    }
    if (names.empty()) return {};
    std::vector<std::string> boards;
    for (const std::uint64_t board : board_memories) {
        if (gives_dom0(board, low, *wanted) && !gives_dom0(board, all, *wanted)) boards.push_back(format_size(board));
    }
    if (boards.empty()) return {};
    return {{"what is placed high in low memory costs dom0 the memory it asks for",
             describe_list(names) + ", dom0_mem=" + *text + " no longer fits " + describe_list(boards),
             "below " + format_address(limit), "place it lower, or ask for less dom0_mem"}};
}

constexpr Rule rules[] = {
    {{.id = "memory-overlap",
      .rule = "A1",
      .severity = Severity::error,
      .title = "Two things are loaded to the same memory",
      .why = "The later one damages the earlier one before Xen reads it.",
      .story = "Loads do not look at each other. Two modules that overlap are found by Xen 4.18 and newer, "
               "which drops one of them (4f6a291582) and "
               "reports a missing kernel; older ones start whatever is left. A device tree that was hit "
               "makes booti stop, or Xen fail without a word.",
      .source = "xen xen/common/device-tree/bootinfo.c add_boot_module"},
     overlap},
    {{.id = "module-in-reserved-memory",
      .rule = "A2",
      .severity = Severity::error,
      .title = "A boot module lies in reserved memory",
      .why = "Xen refuses modules that overlap /reserved-memory, or that lie partly in a /memreserve/ entry.",
      .story = "meminfo_overlap_check compares modules with the reserved banks. A module that lies wholly "
               "inside an entry of the header's list is allowed "
               "(boot loaders reserve modules that way); one that straddles its border is not.",
      .source = "xen xen/common/device-tree/bootinfo.c meminfo_overlap_check"},
     in_reserved_memory},
    {{.id = "load-over-armstub",
      .rule = "A6",
      .severity = Severity::error,
      .title = "Something is loaded over the armstub",
      .why = "The armstub is the secure monitor: overwritten, the other cores never start.",
      .story = "The firmware's built-in stub ends at 0x1000, and the tree reserves it. An armstub= of one's "
               "own is loaded to 0 and takes what its file has: armstub8-gic.bin a few hundred bytes, TF-A 512 KiB "
               "whatever the size of its file. Nothing reserves that for U-Boot: the classic overlay scratch at "
               "0x18000 lies in the middle of TF-A.",
      .source = "TF-A plat/rpi/rpi4/rpi4_bl31_setup.c; raspberrypi/tools armstubs"},
     scratch_in_armstub},
    {{.id = "load-over-uboot",
      .rule = "A7",
      .severity = Severity::error,
      .title = "Something is loaded over U-Boot",
      .why = "U-Boot refuses with \"** Reading file would overwrite reserved memory **\", or dies.",
      .story = "After relocation U-Boot lives at the top of RAM below the GPU's share, with its heap and "
               "stack under it. Since v2020.07 every load is checked against "
               "the reserved regions (LMB). Where it was linked to, 0x80000, is free again by then, so "
               "kernel_addr_r may be there; the first page is not, "
               "the other cores wait in it.",
      .source = "u-boot fs/fs.c fs_read_lmb_check"},
     over_reserved},
    {{.id = "load-beyond-low-memory",
      .rule = "A7b",
      .severity = Severity::error,
      .title = "Something is loaded where a small board has no memory",
      .why = "The Pi 4 with 1 GiB has no RAM there, and the larger ones have the GPU's share.",
      .story = "Low memory ends at 0x3b400000 with the default gpu_mem=76. The rest of the first GiB belongs "
               "to the GPU.",
      .source = "Raspberry Pi documentation, config.txt, gpu_mem"},
     beyond_low_memory},
    {{.id = "uboot-few-lmb-regions",
      .rule = "A8",
      .severity = Severity::warning,
      .title = "An old U-Boot runs out of reserved regions",
      .why = "Up to v2023.01 its list holds 8 or 16 regions, and loads are refused once it is full.",
      .story = "Reports: FreeBSD bug 269181, openSUSE bug 1207562. What one sees is a refusal to load to an "
               "address that is plainly free.",
      .source = "u-boot lib/lmb.c before v2023.04"},
     lmb_regions},
    {{.id = "placement-splits-low-memory",
      .rule = "A9",
      .severity = Severity::warning,
      .title = "A high placement costs dom0 the memory it asks for",
      .why = "dom0's memory is mapped 1:1 in naturally aligned powers of two, and a module in the middle "
             "breaks the largest ones up.",
      .story = "Everything placed above about 0x6000000 splits a large chunk of low memory. In a model of "
               "Xen's allocator a device tree at 0x5600000 leaves 48 to 76 MiB "
               "less than one at 0x2600000. The rule is raised only where the dom0_mem that is asked for "
               "fits a board without that placement and does not with it.",
      .source = "xen xen/arch/arm/domain_build.c allocate_memory_11 (modelled on the host)"},
     splits_low_memory},
};

}  // namespace

std::span<const Rule> placement_rules() {
    return rules;
}

}  // namespace rpixen
