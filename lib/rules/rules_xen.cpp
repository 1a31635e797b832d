#include "rules/rules.hpp"

// Chapter 1: the Xen image.

namespace rpixen {
namespace {

constexpr std::uint64_t booti_alignment = 2 * MiB;

bool older(int major, int minor, int than_major, int than_minor) {
    return major > 0 && (major < than_major || (major == than_major && minor < than_minor));
}

Findings no_magic(const BootScenario& scenario) {
    if (!scenario.xen || scenario.xen->header || scenario.xen->kind != ImageKind::unknown) return {};
    return {{scenario.xen->file + " carries no arm64 Image header", "no \"ARM\\x64\" at byte 56",
             "a raw arm64 Image of Xen", "use the file xen/xen (not xen-syms) of an arm64 build of Xen"}};
}

Findings wrong_kind(const BootScenario& scenario) {
    if (!scenario.xen) return {};
    switch (scenario.xen->kind) {
        case ImageKind::unknown:
        case ImageKind::arm64:
        case ImageKind::gzip:
            return {};  // gzip has a rule of its own
        default:
            break;
    }
    return {{"booti cannot start " + scenario.xen->file, name_of(scenario.xen->kind), "a raw arm64 Image",
             scenario.xen->kind == ImageKind::elf ? "use xen/xen instead of xen/xen-syms"
                                                  : "unpack it, or use the raw xen/xen of the build"}};
}

Findings packed(const BootScenario& scenario) {
    if (!scenario.xen || scenario.xen->kind != ImageKind::gzip) return {};
    if (scenario.uboot && scenario.uboot->environment.contains("kernel_comp_addr_r") &&
        scenario.uboot->environment.contains("kernel_comp_size"))
        return {};
    return {{"booti needs a place to unpack " + scenario.xen->file + " to",
             "gzip, and no kernel_comp_addr_r in U-Boot's environment",
             "a raw Image, or kernel_comp_addr_r and kernel_comp_size set", "unpack Xen on the host"}};
}

Findings moved_to_ram_base(const BootScenario& scenario) {
    if (!scenario.xen || !scenario.xen->header || scenario.xen->header->anywhere_in_memory()) return {};
    return {{"booti will move " + scenario.xen->file + " to address 0",
             "flags " + format_address(scenario.xen->header->flags) + ", bit 3 clear", "bit 3 set",
             "use Xen 4.12 or newer"}};
}

Findings misaligned(const BootScenario& scenario) {
    if (!scenario.xen || !scenario.xen->header || !scenario.xen->address) return {};
    const XenFacts& xen = *scenario.xen;
    const std::uint64_t place = xen_runs_at(xen);
    if (place == *xen.address) return {};
    const Range moved = range_at(place, std::max(xen.size, xen.header->image_size));
    for (const Placement& other : scenario.placements) {
        if (other.role == Placement::Role::xen || other.role == Placement::Role::overlay ||
            !moved.overlaps(other.range) || other.until != std::numeric_limits<unsigned>::max())
            continue;
        return {{"booti will move Xen over " + other.name,
                 "from " + format_address(*xen.address) + " to " + describe_range(moved) + ", " + other.name + " " +
                     describe_range(other.range),
                 "(address - text_offset) a multiple of 2 MiB, or room behind it",
                 "load Xen at " + format_address(align_down(*xen.address - xen.header->text_offset, booti_alignment) +
                                                 xen.header->text_offset)}};
    }
    return {};
}

Findings reaches_next(const BootScenario& scenario) {
    Findings findings;
    for (const Placement& xen : scenario.placements) {
        if (xen.role != Placement::Role::xen) continue;
        for (const Placement& other : scenario.placements) {
            if (other.role == Placement::Role::xen || other.role == Placement::Role::reserved ||
                other.role == Placement::Role::overlay || !xen.range.overlaps(other.range) || other.until < xen.from)
                continue;
            findings.push_back(
                {"Xen reaches into " + other.name,
                 "Xen " + describe_range(xen.range) + " by its header, " + other.name + " " +
                     describe_range(other.range),
                 "at most " +
                     describe_size(other.range.begin > xen.range.begin ? other.range.begin - xen.range.begin : 0) +
                     " for Xen",
                 "move " + other.name + " to " + format_address(align_up(xen.range.end, booti_alignment)) +
                     " or above, or use a release build of Xen"});
        }
    }
    return findings;
}

Findings image_size_zero(const BootScenario& scenario) {
    if (!scenario.xen || !scenario.xen->header || scenario.xen->header->image_size != 0) return {};
    return {{scenario.xen->file + " does not say how large it is", "image_size 0", "image_size from the linker",
             "use Xen 4.12 or newer"}};
}

Findings too_old(const BootScenario& scenario) {
    if (!scenario.xen) return {};
    const XenFacts& xen = *scenario.xen;
    const std::string found = "Xen " + std::to_string(xen.major) + "." + std::to_string(xen.minor);
    if (older(xen.major, xen.minor, 4, 13))
        return {{"this Xen does not know the Raspberry Pi 4", found, "4.15 or newer", "use Xen 4.15 or newer"}};
    if (older(xen.major, xen.minor, 4, 14))
        return {{"this Xen gives dom0 memory that the SD controller cannot reach", found, "4.15 or newer",
                 "use Xen 4.15 or newer"}};
    if (older(xen.major, xen.minor, 4, 15))
        return {{"this Xen cannot reset the board and fails on its PCIe node", found, "4.15 or newer",
                 "use Xen 4.15 or newer"}};
    return {};
}

const TreeFacts* effective(const BootScenario& scenario) {
    return scenario.device_tree && scenario.device_tree->effective ? &*scenario.device_tree->effective : nullptr;
}

Findings untyped_pcie(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree || tree->untyped_pcie.empty() || !scenario.xen || !older(scenario.xen->major, scenario.xen->minor, 4, 15))
        return {};
    return {{"this Xen stops at the PCIe bridge of the device tree",
             "Xen " + std::to_string(scenario.xen->major) + "." + std::to_string(scenario.xen->minor) + ", " +
                 describe_list(tree->untyped_pcie) + " without device_type \"pci\"",
             "Xen 4.15 or newer, or device_type = \"pci\" on the bridge and no node of a device below it",
             "use Xen 4.15 or newer; or `fdt set " + tree->untyped_pcie.back() +
                 " device_type pci` and `fdt rm` of the device's node"}};
}

/// Whether an option was built in; true where the configuration is not known.
bool built(const XenFacts& xen, const char* option) {
    return xen.config.empty() || xen.config.contains(option);
}

bool is_on(const std::optional<std::string>& value) {
    return value && *value != "0" && *value != "off" && *value != "no" && *value != "false";
}

Findings lacks_feature(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!scenario.xen || !tree) return {};
    std::vector<std::string> missing;
    const auto ask = [&](bool asked, const char* option, const std::string& by) {
        if (asked && !built(*scenario.xen, option)) missing.push_back(by + " (" + option + ")");
    };
    ask(tree->static_heap, "CONFIG_STATIC_MEMORY", "xen,static-heap");
    for (const GuestFacts& guest : tree->guests) {
        ask(guest.static_memory, "CONFIG_STATIC_MEMORY", "xen,static-mem of " + guest.path);
        ask(guest.shared_memory, "CONFIG_STATIC_SHM", "shared memory of " + guest.path);
        ask(guest.colours, "CONFIG_LLC_COLORING", "llc-colors of " + guest.path);
    }
    ask(tree->cpu_pools, "CONFIG_BOOT_TIME_CPUPOOLS", "xen,cpupool");
    if (missing.empty()) return {};
    return {{"the device tree asks for what this Xen was not built with", describe_list(missing),
             "a Xen that was built with these options", "build Xen with them, or remove the properties"}};
}

Findings ignores_option(const BootScenario& scenario) {
    if (!scenario.xen || !scenario.xen_bootargs) return {};
    std::vector<std::string> missing;
    const auto ask = [&](const char* word, const char* option) {
        const auto value = command_line_value(*scenario.xen_bootargs, word);
        if (is_on(value) && !built(*scenario.xen, option))
            missing.push_back(std::string(word) + (value->empty() ? "" : "=" + *value) + " (" + option + ")");
    };
    ask("xsm", "CONFIG_XSM");
    ask("flask", "CONFIG_XSM_FLASK");
    ask("llc-coloring", "CONFIG_LLC_COLORING");
    ask("dom0-llc-colors", "CONFIG_LLC_COLORING");
    const LoadedFile* policy = scenario.module(ModuleKind::xsm_policy);
    if (policy && !built(*scenario.xen, "CONFIG_XSM_FLASK")) missing.push_back(policy->file + " (CONFIG_XSM_FLASK)");
    if (missing.empty()) return {};
    return {{"Xen is asked for what it was not built with", describe_list(missing),
             "a Xen that was built with these options", "build Xen with them, or remove the words"}};
}

Findings flask_not_chosen(const BootScenario& scenario) {
    if (!scenario.xen || scenario.xen->config.empty() || !scenario.xen_bootargs) return {};
    const auto& config = scenario.xen->config;
    if (!config.contains("CONFIG_XSM_FLASK") || config.contains("CONFIG_XSM_FLASK_DEFAULT")) return {};
    const auto flask = command_line_value(*scenario.xen_bootargs, "flask");
    const LoadedFile* policy = scenario.module(ModuleKind::xsm_policy);
    if ((!policy && !flask) || command_line_value(*scenario.xen_bootargs, "xsm") == "flask") return {};
    return {{"FLASK is configured and not chosen",
             (policy ? policy->file : "flask=" + *flask) + ", no xsm=flask, and " +
                 (config.contains("CONFIG_XSM_SILO_DEFAULT") ? "SILO" : "the dummy module") +
                 " is the default of this Xen",
             "xsm=flask", "add xsm=flask to Xen's command line, or remove the policy"}};
}

constexpr Rule rules[] = {
    {{.id = "xen-without-image-header",
      .rule = "X1",
      .severity = Severity::error,
      .title = "Xen is no arm64 Image",
      .why = "U-Boot's booti refuses it with \"Bad Linux ARM64 Image magic!\".",
      .story = "booti looks for the little-endian number 0x644d5241 (\"ARM\\x64\") at byte 56 of what it is to "
               "start. Xen's own head.S "
               "writes that header, so a file without it is no arm64 build of Xen, or something was done to it.",
      .source = "u-boot arch/arm/lib/image.c booti_setup; xen xen/arch/arm/arm64/head.S"},
     no_magic},
    {{.id = "xen-moved-to-ram-base",
      .rule = "X2",
      .severity = Severity::error,
      .title = "booti would move Xen to address 0",
      .why = "With bit 3 of the header's flags clear booti copies the image to the start of RAM, over the "
             "other cores' spin table.",
      .story = "Bit 3 of the flags (byte 24) says that the 2 MiB aligned base may be anywhere. Where it is "
               "clear, booti_setup places the "
               "image at the base of the first RAM bank, which is 0 on a Raspberry Pi 4. There the armstub "
               "keeps the spin table (0xd8-0xf0) "
               "that the secondary cores wait on. Xen sets the bit since 4.12 (17bd254a50). What one sees is "
               "silence after \"Starting kernel\".",
      .source = "u-boot arch/arm/lib/image.c booti_setup; xen xen/arch/arm/arm64/head.S"},
     moved_to_ram_base},
    {{.id = "xen-misaligned",
      .rule = "X3",
      .severity = Severity::error,
      .title = "booti moves Xen over something else",
      .why = "booti rounds the base up to the next 2 MiB and moves Xen there, over whatever was loaded "
             "behind it.",
      .story = "booti_setup ends in ALIGN(base, 2 MiB) + text_offset. ALIGN rounds up: a Xen loaded at "
               "0x280000 is moved to 0x400000 without "
               "a word, and dom0's kernel or the device tree that stood there is gone. 0x200000 is right as "
               "it is. Where nothing stands behind it, the move harms nobody: so Xen starts from U-Boot's own "
               "kernel_addr_r, 0x80000.",
      .source = "u-boot arch/arm/lib/image.c booti_setup"},
     misaligned},
    {{.id = "xen-reaches-next",
      .rule = "X4",
      .severity = Severity::error,
      .title = "Xen in memory is larger than the gap behind it",
      .why = "Xen occupies image_size bytes, .bss included, not the size of its file; what it covers is lost.",
      .story = "The header's image_size (byte 16) counts the .bss that the file does not hold. At 0x200000 "
               "with dom0's Image at 0x480000 there are "
               "2.5 MiB; meta-virtualization's 0x400000 leaves 2 MiB. Up to 4.17 Xen itself is at most 2 "
               "MiB; since 4.18 it may have 8 MiB "
               "(XEN_VIRT_SIZE, 7356733f72), so a debug, UBSAN or GCOV build overflows both. Xen 4.18 and "
               "newer then drop the module and "
               "report \"Missing kernel boot module?\"; older ones corrupt it silently.",
      .source = "xen xen/arch/arm/arm64/head.S, xen/arch/arm/include/asm/mmu/layout.h"},
     reaches_next},
    {{.id = "xen-image-size-zero",
      .rule = "X5",
      .severity = Severity::error,
      .title = "Xen's header leaves its size open",
      .why = "U-Boot then assumes 16 MiB and a text_offset of 0x80000 and moves the image accordingly.",
      .story = "An image_size of 0 marks an Image from before Linux 3.17. booti_setup prints \"Image lacks "
               "image_size field, assuming 16MiB\" and "
               "relocates with a text_offset of 0x80000. Xen never wrote such a header on purpose.",
      .source = "u-boot arch/arm/lib/image.c booti_setup"},
     image_size_zero},
    {{.id = "xen-too-old",
      .rule = "X6",
      .severity = Severity::warning,
      .title = "Xen is older than its Raspberry Pi 4 support",
      .why = "The platform code came in 4.13, the 30-bit DMA limit in 4.14 and reset and PCIe tolerance in "
             "4.15.",
      .story = "4.13 knows no Raspberry Pi 4. 4.14 gained dma_bitsize = 30 (437b0aa06a): without it dom0's "
               "first memory may lie beyond 1 GiB, where "
               "the SD and USB controllers cannot reach. 4.15 gained the reset through the watchdog and no "
               "longer stops at the PCIe node "
               "(5a4087004d).",
      .source = "xen xen/arch/arm/platforms/brcm-raspberry-pi.c"},
     too_old},
    {{.id = "xen-stumbles-over-pcie",
      .rule = "X6a",
      .severity = Severity::error,
      .title = "Xen below 4.15 cannot read the PCIe bridge of this device tree",
      .why = "Building dom0 ends in \"Unable to retrieve address\" for the node below the bridge, and Xen panics.",
      .story = "A PCIe bridge is told by device_type \"pci\"; Linux from 5.8 on has nodes below the board's bridge "
               "(for "
               "the USB controller's reset) and no device_type on the inner one. Xen below 4.15 takes their reg for "
               "ordinary addresses. meta-virtualization's script sets the property and removes the USB node for that "
               "reason. 4.15 looks at the node's name as well (5a4087004d).",
      .source = "xen xen/common/device_tree.c dt_bus_pci_match (5a4087004d)"},
     untyped_pcie},
    {{.id = "xen-lacks-feature",
      .rule = "X9",
      .severity = Severity::error,
      .title = "The device tree asks for a feature that Xen was not built with",
      .why = "Xen refuses the tree while it reads it, or has no code to build that guest with; older ones do not say "
             "so.",
      .story = "Static memory, static shared memory, cache colours and boot-time CPU pools are options of Xen's build. "
               "Its .config is in the binary, packed with gzip, so that a host can tell. Debian's has none of the "
               "four.",
      .source = "xen xen/common/config_data.S; xen/common/device-tree/bootinfo-fdt.c process_domain_node (e888192d13); "
                "xen/arch/arm/domain_build.c allocate_static_memory of 4.17"},
     lacks_feature},
    {{.id = "xen-ignores-option",
      .rule = "X9a",
      .severity = Severity::warning,
      .title = "Xen is asked for a feature that it was not built with",
      .why = "Xen passes the word or the module over, and goes on without the feature.",
      .story = "xsm=, flask= and the words of cache colouring do nothing in a Xen without CONFIG_XSM, CONFIG_XSM_FLASK "
               "or CONFIG_LLC_COLORING.",
      .source = "xen xen/common/config_data.S; docs/misc/xen-command-line.pandoc"},
     ignores_option},
    {{.id = "flask-not-chosen",
      .rule = "X10",
      .severity = Severity::warning,
      .title = "A FLASK policy is loaded and FLASK is not chosen",
      .why = "Xen takes its default module, and the policy is not enforced.",
      .story = "CONFIG_XSM_FLASK only builds FLASK in. Which module is used is decided by xsm= and by the default of "
               "the build, which is SILO on Arm since 4.12.",
      .source = "xen xen/common/Kconfig; xen/xsm/xsm_core.c"},
     flask_not_chosen},
    {{.id = "xen-of-wrong-kind",
      .rule = "X7",
      .severity = Severity::error,
      .title = "Xen is an ELF, uImage, zboot or EFI file",
      .why = "booti starts raw arm64 Images only.",
      .story = "xen-syms is the ELF with symbols, for debuggers; the raw Image beside it is called xen. An "
               "EFI-only build has no arm64 header. "
               "Packings other than gzip are not for booti.",
      .source = "u-boot cmd/booti.c"},
     wrong_kind},
    {{.id = "booti-cannot-unpack",
      .rule = "U8",
      .severity = Severity::error,
      .title = "Xen is packed and U-Boot has no place to unpack it",
      .why = "booti unpacks only with kernel_comp_addr_r and kernel_comp_size set.",
      .story = "booti recognises gzip and other packings, but needs the two variables as its workspace. The "
               "Raspberry Pi environment has them since "
               "v2025.07. Unpacking on the host is simpler and always works.",
      .source = "u-boot cmd/booti.c; board/raspberrypi/rpi/rpi.env"},
     packed},
};

}  // namespace

std::span<const Rule> xen_rules() {
    return rules;
}

}  // namespace rpixen
