#include <algorithm>

#include "base/text.hpp"
#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

// Guests that Xen itself builds from the device tree (dom0less): the nodes of /chosen with compatible
// "xen,domain", in anybody's tree.

namespace rpixen {
namespace {

using Kind = GuestModuleFacts::Kind;

const TreeFacts* effective(const BootScenario& scenario) {
    return scenario.device_tree && scenario.device_tree->effective ? &*scenario.device_tree->effective : nullptr;
}

bool at_least(const BootScenario& scenario, int major, int minor) {
    return scenario.xen &&
           (scenario.xen->major > major || (scenario.xen->major == major && scenario.xen->minor >= minor));
}

Findings kernel_missing(const BootScenario& scenario) {
    Findings findings;
    for (const GuestFacts& guest : guests_of_xen(scenario)) {
        const auto& modules = effective(scenario)->modules;
        const bool found = std::any_of(modules.begin(), modules.end(), [&](const ModuleFacts& module) {
            return module.domain == guest.path && has_word(module.compatible, "multiboot,kernel");
        });
        if (!found)
            findings.push_back({guest.path + " has no kernel", "no node with multiboot,kernel below it",
                                "one, with reg and compatible \"multiboot,kernel\", \"multiboot,module\"",
                                "add the module's node below " + guest.path});
    }
    return findings;
}

Findings no_image(const BootScenario& scenario) {
    Findings findings;
    for (const GuestModuleFacts& module : scenario.guest_modules) {
        if (module.kind != Kind::kernel) continue;
        switch (module.image) {
            case ImageKind::arm64:
            case ImageKind::arm32:
            case ImageKind::gzip:
            case ImageKind::uimage:
                continue;
            default:
                break;
        }
        findings.push_back({"Xen cannot start " + module.file + " as the kernel of " + module.domain,
                            name_of(module.image), "an arm64 Image, also packed with gzip, a 32-bit zImage or a uImage",
                            "use arch/arm64/boot/Image of the kernel's build (of Zephyr the .bin, not the .elf)"});
    }
    return findings;
}

Findings no_memory(const BootScenario& scenario) {
    Findings findings;
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.memory.value_or(0) == 0)
            findings.push_back(
                {guest.path + " has no memory", guest.memory ? "memory = <0 0>" : "no property memory of two cells",
                 "memory = <0 KiB>: 64 bits, in KiB", "add memory, <0x0 0x20000> for 128 MiB, to " + guest.path});
    return findings;
}

Findings no_cpus(const BootScenario& scenario) {
    Findings findings;
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.cpus.value_or(0) == 0)
            findings.push_back({guest.path + " has no processors", guest.cpus ? "cpus = <0>" : "no property cpus",
                                "cpus = <1> or more", "add cpus to " + guest.path});
    return findings;
}

Findings wrong_size(const BootScenario& scenario) {
    Findings findings;
    for (const GuestModuleFacts& module : scenario.guest_modules) {
        const bool exact = module.kind == Kind::ramdisk || module.image == ImageKind::gzip;
        if (module.kind == Kind::other || module.reg_size == module.size) continue;
        if (!exact && module.reg_size > module.size) continue;
        findings.push_back({"the reg of " + module.module + " is not the size of " + module.file,
                            "reg " + describe_size(module.reg_size) + ", file " + describe_size(module.size),
                            (exact ? "exactly " : "at least ") + describe_size(module.size),
                            "set the size in reg to " + format_address(module.size)});
    }
    return findings;
}

struct Fit {
    std::uint64_t asked = 0;  ///< bytes, of all guests
    std::vector<std::string> starts;
    std::vector<std::string> refusals;
};

/// Nothing where no guest says how much it wants. Boards whose dom0 does not fit already are left out.
std::optional<Fit> fit_boards(const BootScenario& scenario) {
    Fit fit;
    fit.asked = asked_by_guests(scenario);
    if (fit.asked == 0) return std::nullopt;
    const BoardModel* model = scenario.firmware ? scenario.firmware->board : nullptr;
    const std::span<const std::uint64_t> sizes = model ? model->memories : std::span(board_memories);
    for (const std::uint64_t board : sizes) {
        const auto free = left_beside_dom0(scenario, board);
        if (!free) continue;
        const std::string name = std::to_string(board / GiB) + " GB";
        if (fit.asked <= *free)
            fit.starts.push_back(name);
        else
            fit.refusals.push_back(name + " (" + std::to_string(*free / MiB) + " MiB are left)");
    }
    return fit;
}

std::string asked_for(const BootScenario& scenario, const Fit& fit) {
    return std::to_string(fit.asked / MiB) + " MiB for " + std::to_string(guests_of_xen(scenario).size()) +
           (guests_of_xen(scenario).size() == 1 ? " guest" : " guests") + (has_dom0(scenario) ? " beside dom0" : "");
}

Findings impossible(const BootScenario& scenario) {
    const auto fit = fit_boards(scenario);
    if (!fit || !fit->starts.empty() || fit->refusals.empty()) return {};
    return {{"no board has that much memory for the guests", asked_for(scenario, *fit), describe_list(fit->refusals),
             "give the guests or dom0 less"}};
}

Findings excludes_boards(const BootScenario& scenario) {
    const auto fit = fit_boards(scenario);
    if (!fit || fit->starts.empty() || fit->refusals.empty()) return {};
    return {{"not every board has that much memory for the guests",
             asked_for(scenario, *fit) + " start on boards with " + describe_list(fit->starts) + ", not on " +
                 describe_list(fit->refusals),
             "what the smallest board in use has left",
             "give the guests or dom0 less where the card is meant for smaller boards too"}};
}

Findings guest_owns_module(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    if (!tree || !at_least(scenario, 4, 18)) return {};
    Findings findings;
    for (auto own = tree->modules.begin(); own != tree->modules.end(); ++own) {
        if (!own->domain.empty() || !own->range) continue;
        const auto other = std::find_if(tree->modules.begin(), own, [&](const ModuleFacts& module) {
            return !module.domain.empty() && module.range && module.range->begin == own->range->begin;
        });
        if (other == own) continue;
        findings.push_back(
            {"Xen takes the module of " + own->path + " for the guest's alone",
             other->path + " names " + format_address(own->range->begin) + " too and stands first in the tree",
             "dom0's node first in the tree, or a module for each",
             "make the guest's node before dom0's (libfdt puts the newest node first), or load the file twice"});
    }
    return findings;
}

Findings xenstore_without_dom0(const BootScenario& scenario) {
    if (has_dom0(scenario)) return {};
    Findings findings;
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.xenstore)
            findings.push_back({guest.path + " asks for xenstore, and there is no dom0 to run it",
                                "xen,enhanced, and no module of dom0",
                                "xen,enhanced = \"no-xenstore\", or no such property",
                                "remove xen,enhanced from " + guest.path + ", or add a dom0"});
    return findings;
}

Findings xenstore_not_started(const BootScenario& scenario) {
    if (!has_dom0(scenario) || !scenario.root || scenario.root->init_dom0less.value_or(true) ||
        !scenario.root->xen_tools.value_or(false))
        return {};
    std::vector<std::string> enhanced;
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.xenstore) enhanced.push_back(guest.path);
    if (enhanced.empty()) return {};
    return {{"dom0 has no init-dom0less, so the guests get no xenstore", describe_list(enhanced) + " with xen,enhanced",
             "init-dom0less beside xl", "install it with the Xen tools, and run it after xenstored was started"}};
}

Findings unscrubbed(const BootScenario& scenario) {
    if (guests_of_xen(scenario).empty() || !scenario.xen_bootargs) return {};
    const auto value = command_line_value(*scenario.xen_bootargs, "bootscrub");
    const bool off = (value && (*value == "0" || *value == "off" || *value == "no" || *value == "false")) ||
                     command_line_value(*scenario.xen_bootargs, "no-bootscrub");
    if (!off) return {};
    return {{"the guests' memory is not scrubbed", value ? "bootscrub=" + *value : "no-bootscrub",
             "bootscrub=1 or bootscrub=idle (the default) where guests must not see old memory",
             "remove bootscrub= from Xen's command line"}};
}

Findings needs_iommu(const BootScenario& scenario) {
    Findings findings;
    for (const GuestModuleFacts& module : scenario.guest_modules)
        if (!module.needs_iommu.empty())
            findings.push_back(
                {module.domain + " is given devices that need an IOMMU",
                 describe_list(module.needs_iommu) + " in " + module.file,
                 "xen,force-assign-without-iommu beside xen,path: a bcm2711 has no SMMU",
                 "add xen,force-assign-without-iommu, for what is no DMA master or is mapped one to one"});
    return findings;
}

Findings forced_without_direct_map(const BootScenario& scenario) {
    Findings findings;
    for (const GuestModuleFacts& module : scenario.guest_modules) {
        const auto all = guests_of_xen(scenario);
        const auto guest = std::find_if(all.begin(), all.end(),
                                        [&](const GuestFacts& facts) { return facts.path == module.domain; });
        if (module.forced.empty() || guest == all.end()) continue;
        // Older ones know static memory, and pass direct-map over (75591dcfe0).
        const bool known = !scenario.xen || scenario.xen->major == 0 || at_least(scenario, 4, 17);
        if (guest->direct_map && guest->static_memory && known) continue;
        findings.push_back({module.domain + " is given devices, and its memory is not where they would write",
                            describe_list(module.forced) + " without direct-map",
                            "direct-map and xen,static-mem, or no device that is a DMA master",
                            "give masters only to a guest whose node has both, which Xen's configuration must have"});
    }
    return findings;
}

Findings no_console_driver(const BootScenario& scenario) {
    Findings findings;
    for (const GuestModuleFacts& module : scenario.guest_modules) {
        if (module.kind != Kind::kernel || module.config.empty()) continue;
        const auto all = guests_of_xen(scenario);
        const auto guest = std::find_if(all.begin(), all.end(),
                                        [&](const GuestFacts& facts) { return facts.path == module.domain; });
        const auto console = module.config.find("CONFIG_SERIAL_AMBA_PL011_CONSOLE");
        if (guest == all.end() || !guest->vpl011 || (console != module.config.end() && console->second == "y"))
            continue;
        findings.push_back({"the kernel of " + module.domain + " has no driver for its console",
                            module.file + " without CONFIG_SERIAL_AMBA_PL011_CONSOLE",
                            "CONFIG_SERIAL_AMBA_PL011_CONSOLE=y",
                            "build it into the guest's kernel, or give the guest no vpl011"});
    }
    return findings;
}

constexpr Rule rules[] = {
    {{.id = "guest-kernel-missing",
      .rule = "G1",
      .severity = Severity::error,
      .title = "A guest has no kernel",
      .why = "Xen panics with \"Could not set up domain\".",
      .story = "Below a node with compatible \"xen,domain\" Xen looks for a module with \"multiboot,kernel\". The "
               "modules of dom0 are none of the guest's.",
      .source = "xen docs/misc/arm/device-tree/booting.txt; xen/common/device-tree/dom0less-build.c"},
     kernel_missing},
    {{.id = "guest-kernel-not-an-image",
      .rule = "G2",
      .severity = Severity::error,
      .title = "A guest's kernel is nothing that Xen starts",
      .why = "Xen panics with \"Could not set up domain\", dom0 and the other guests with it.",
      .story = "Xen starts arm64 Images, 32-bit zImages and uImages, and unpacks gzip. An ELF (vmlinux, zephyr.elf), "
               "an EFI zboot or another packing is refused, and a guest that cannot be built stops the whole boot.",
      .source = "xen xen/arch/arm/kernel.c kernel_probe"},
     no_image},
    {{.id = "guest-memory-missing",
      .rule = "G3",
      .severity = Severity::error,
      .title = "A guest is given no memory",
      .why = "Xen says \"Error building DomU: cannot read \"memory\" property\" and panics with \"Could not set up "
             "domain\".",
      .story = "memory is a number of 64 bits, two cells, in KiB: <0x0 0x20000> are 128 MiB.",
      .source = "xen docs/misc/arm/device-tree/booting.txt; xen/common/device-tree/dom0less-build.c"},
     no_memory},
    {{.id = "guest-cpus-missing",
      .rule = "G4",
      .severity = Severity::error,
      .title = "A guest is given no processors",
      .why = "Xen panics with \"Missing property 'cpus' for domain\".",
      .story = "cpus has no default.",
      .source = "xen docs/misc/arm/device-tree/booting.txt; xen/common/device-tree/dom0less-build.c"},
     no_cpus},
    {{.id = "guest-module-reg-wrong-size",
      .rule = "G5",
      .severity = Severity::error,
      .title = "The reg of a guest's module is not the file's size",
      .why = "The guest gets a kernel or a ramdisk that is cut off, or one with garbage behind it.",
      .story = "Xen copies as many bytes as reg says. A raw kernel may have room behind it; a ramdisk or a kernel "
               "packed with gzip needs the exact size.",
      .source = "xen xen/arch/arm/kernel.c kernel_zimage_load, kernel_decompress"},
     wrong_size},
    {{.id = "guest-memory-impossible",
      .rule = "G6",
      .severity = Severity::error,
      .title = "No board has the memory that the guests ask for",
      .why = "Xen panics with \"Failed to allocate requested domain memory\".",
      .story = "dom0's memory, Xen's own, the modules and all guests have to fit into the board's memory together. "
               "The sum is optimistic: Xen's heap needs some 20 MiB more.",
      .source = "xen xen/arch/arm/domain_build.c allocate_memory (modelled on the host)"},
     impossible},
    {{.id = "guest-memory-excludes-boards",
      .rule = "G6a",
      .severity = Severity::warning,
      .title = "Only some boards have the memory that the guests ask for",
      .why = "On a smaller board Xen panics with \"Failed to allocate requested domain memory\".",
      .story = "As guest-memory-impossible, for some of the boards.",
      .source = "xen xen/arch/arm/domain_build.c allocate_memory (modelled on the host)"},
     excludes_boards},
    {{.id = "guest-owns-dom0-module",
      .rule = "G7",
      .severity = Severity::error,
      .title = "A module that dom0 and a guest share counts as the guest's",
      .why = "From Xen 4.18 on the first node of the tree owns it: dom0 then has no kernel, and Xen panics.",
      .story = "Since 4f6a291582 a module is entered once, by the first node that names it. Where that is a guest's, "
               "Xen says \"Xen dom0less mode detected\" and goes on without dom0. libfdt puts a new subnode before the "
               "older ones, so the overlay or the `fdt mknod` that comes last stands first. Up to 4.17 dom0 keeps what "
               "both name.",
      .source = "xen xen/common/device-tree/bootinfo.c add_boot_module (4f6a291582); seen in the emulator"},
     guest_owns_module},
    {{.id = "guest-xenstore-without-dom0",
      .rule = "G8",
      .severity = Severity::error,
      .title = "A guest asks for xenstore, and there is no dom0",
      .why = "Xen panics with \"At the moment, Xenstore support requires dom0 to be present\", from 4.21 on with "
             "\"xenstore requested, but xenstore domain not present\".",
      .story = "xen,enhanced, empty or \"enabled\", gives the guest Xen's paravirtual interfaces with xenstore, which "
               "runs in dom0. \"no-xenstore\" is the same without it. That there is no dom0 is no fault by itself.",
      .source = "xen xen/common/device-tree/dom0less-build.c"},
     xenstore_without_dom0},
    {{.id = "guest-xenstore-not-started",
      .rule = "G8a",
      .severity = Severity::warning,
      .title = "Nobody gives the guests their xenstore",
      .why = "The guests wait for their paravirtual devices, and `xl list` shows them as (null).",
      .story = "dom0less guests run before dom0's tools do. init-dom0less, run in dom0 after xenstored, introduces "
               "them to xenstore.",
      .source = "xen docs/features/dom0less.pandoc; tools/helpers/init-dom0less.c"},
     xenstore_not_started},
    {{.id = "guest-memory-unscrubbed",
      .rule = "G9",
      .severity = Severity::warning,
      .title = "A guest's memory keeps what was in it before",
      .why = "With bootscrub=0 Xen hands guests memory that still holds what a warm reset left there.",
      .story = "bootscrub=0 stands in many recipes because it saves seconds. A dom0less guest's memory is then not "
               "scrubbed, and Xen gives no security support for such a boot.",
      .source = "xen SUPPORT.md, \"Dom0less\""},
     unscrubbed},
    {{.id = "guest-device-needs-iommu",
      .rule = "G10",
      .severity = Severity::error,
      .title = "A guest is given a device that Xen hands over with an IOMMU only",
      .why = "Xen says \"Failed to assign device to d1\" and \"Device tree generation failed (-22)\", and panics with "
             "\"Could not set up domain\": the board has no SMMU that Xen could use.",
      .story = "A node of a guest's partial device tree with xen,path is a device of the board. Xen gives it away "
               "where "
               "an IOMMU protects the rest, or where xen,force-assign-without-iommu says that none is needed: for a "
               "device without DMA, or with a guest that is mapped one to one.",
      .source = "xen docs/misc/arm/passthrough-noiommu.txt; xen/common/device-tree/dom0less-build.c "
                "handle_passthrough_prop (up to 4.18 xen/arch/arm/domain_build.c); "
                "xen/drivers/passthrough/device_tree.c "
                "iommu_assign_dt_device"},
     needs_iommu},
    {{.id = "guest-device-without-direct-map",
      .rule = "G10a",
      .severity = Severity::warning,
      .title = "A guest is given a device, and is not mapped one to one",
      .why = "A device that masters the bus would write to the guest's addresses, where other memory of the board is.",
      .story = "Without an IOMMU a device sees the board's own addresses. Only with direct-map (Xen 4.17 or newer) and "
               "static memory are the guest's the same; a device without DMA (a GPIO, a UART in PIO) does not mind.",
      .source = "xen docs/misc/arm/passthrough-noiommu.txt"},
     forced_without_direct_map},
    {{.id = "guest-kernel-lacks-console",
      .rule = "G11",
      .severity = Severity::warning,
      .title = "A guest's kernel cannot use the console that it is given",
      .why = "The guest runs and says nothing.",
      .story = "vpl011 is an emulated PL011, ttyAMA0. Linux needs SERIAL_AMBA_PL011 and SERIAL_AMBA_PL011_CONSOLE "
               "built in. "
               "Known where the kernel has its configuration inside (IKCONFIG).",
      .source = "linux drivers/tty/serial/Kconfig; xen xen/arch/arm/vpl011.c"},
     no_console_driver},
};

}  // namespace

std::span<const GuestFacts> guests_of_xen(const BootScenario& scenario) {
    const TreeFacts* tree = effective(scenario);
    return tree ? std::span<const GuestFacts>(tree->guests) : std::span<const GuestFacts>();
}

std::uint64_t asked_by_guests(const BootScenario& scenario) {
    std::uint64_t asked = 0;
    for (const GuestFacts& guest : guests_of_xen(scenario)) {
        const std::uint64_t memory = guest.memory.value_or(0);
        if (memory == 0) continue;
        const std::uint64_t cpus = guest.cpus.value_or(1);
        asked += std::min(guest.static_memory ? page_tables_of_guest(memory, cpus) : taken_by_guest(memory, cpus),
                          std::numeric_limits<std::uint64_t>::max() - asked);
    }
    return asked;
}

std::vector<Range> static_memory_of_guests(const BootScenario& scenario) {
    std::vector<Range> ranges;
    for (const GuestFacts& guest : guests_of_xen(scenario))
        ranges.insert(ranges.end(), guest.static_ranges.begin(), guest.static_ranges.end());
    return ranges;
}

std::optional<std::uint64_t> left_beside_dom0(const BootScenario& scenario, std::uint64_t board_memory) {
    if (!has_memory(board_memory, static_memory_of_guests(scenario))) return std::nullopt;
    const std::vector<Range> taken = taken_by_modules(scenario);
    if (!has_dom0(scenario)) return left_for_guests(board_memory, taken, 0);
    std::optional<std::string> text;
    if (scenario.xen_bootargs) text = command_line_value(*scenario.xen_bootargs, "dom0_mem");
    if (const auto own = scenario.dom0_mem_of_board.find(board_memory); own != scenario.dom0_mem_of_board.end())
        text = own->second;
    // What Xen takes by itself is 512 MiB.
    const std::uint64_t dom0 = text ? parse_dom0_mem(*text).value_or(512 * MiB) : 512 * MiB;
    if (!gives_dom0(board_memory, taken, dom0)) return std::nullopt;
    return left_for_guests(board_memory, taken, dom0);
}

std::span<const Rule> guest_rules() {
    return rules;
}

}  // namespace rpixen
