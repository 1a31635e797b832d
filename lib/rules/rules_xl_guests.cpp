#include <algorithm>

#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

// Guests that dom0's xl starts with dom0: /etc/xen/auto of anybody's root file system.

namespace rpixen {
namespace {

std::span<const XlGuestFacts> guests(const BootScenario& scenario) {
    return scenario.root ? std::span<const XlGuestFacts>(scenario.root->xl_guests) : std::span<const XlGuestFacts>();
}

struct Fit {
    std::uint64_t asked = 0;  ///< bytes, of all of xl's
    std::vector<std::string> starts;
    std::vector<std::string> refusals;
};

std::optional<Fit> fit_boards(const BootScenario& scenario) {
    Fit fit;
    for (const XlGuestFacts& guest : guests(scenario))
        if (guest.memory) fit.asked += taken_by_guest(*guest.memory, guest.vcpus);
    if (fit.asked == 0) return std::nullopt;
    const BoardModel* model = scenario.firmware ? scenario.firmware->board : nullptr;
    const std::span<const std::uint64_t> sizes = model ? model->memories : std::span(board_memories);
    const std::uint64_t others = asked_by_guests(scenario);
    for (const std::uint64_t board : sizes) {
        const auto free = left_beside_dom0(scenario, board);
        if (!free || *free < others) continue;  // told elsewhere
        const std::string name = std::to_string(board / GiB) + " GB";
        if (fit.asked <= *free - others)
            fit.starts.push_back(name);
        else
            fit.refusals.push_back(name + " (" + std::to_string((*free - others) / MiB) + " MiB are left)");
    }
    return fit;
}

Findings impossible(const BootScenario& scenario) {
    const auto fit = fit_boards(scenario);
    if (!fit || !fit->starts.empty() || fit->refusals.empty()) return {};
    return {{"no board has that much memory for the guests that xl starts", std::to_string(fit->asked / MiB) + " MiB",
             describe_list(fit->refusals), "give the guests or dom0 less, or start fewer by themselves"}};
}

Findings excludes_boards(const BootScenario& scenario) {
    const auto fit = fit_boards(scenario);
    if (!fit || fit->starts.empty() || fit->refusals.empty()) return {};
    return {{"not every board has that much memory for the guests that xl starts",
             std::to_string(fit->asked / MiB) + " MiB start on boards with " + describe_list(fit->starts) +
                 ", not on " + describe_list(fit->refusals),
             "what the smallest board in use has left",
             "give the guests or dom0 less where the card is meant for smaller boards too"}};
}

Findings missing_files(const BootScenario& scenario) {
    Findings findings;
    for (const XlGuestFacts& guest : guests(scenario))
        if (!guest.files.empty())
            findings.push_back({guest.config + " names files that are not there", describe_list(guest.files),
                                "files of the root file system", "put them there, or mend the configuration"});
    return findings;
}

Findings no_backend(const BootScenario& scenario) {
    if (!scenario.kernel) return {};
    struct Need {
        bool needed;
        const char* option;
        const char* module;
    };
    bool disks = false;
    bool files = false;
    bool interfaces = false;
    for (const XlGuestFacts& guest : guests(scenario)) {
        disks = disks || guest.disks;
        files = files || guest.disk_files;
        interfaces = interfaces || guest.interfaces;
    }
    std::vector<std::string> missing;
    for (const Need& need :
         {Need{disks, "CONFIG_XEN_BLKDEV_BACKEND", "xen_blkback"}, Need{files, "CONFIG_BLK_DEV_LOOP", "loop"},
          Need{interfaces, "CONFIG_XEN_NETDEV_BACKEND", "xen_netback"}, Need{interfaces, "CONFIG_BRIDGE", "bridge"}})
        if (need.needed && lacks_driver(*scenario.kernel, need.option, need.module))
            missing.push_back(std::string(need.option) + " (module " + need.module + ")");
    if (missing.empty()) return {};
    return {{"dom0's kernel lacks drivers that its guests need of it", "without " + describe_list(missing),
             "each built in, or a module below /lib/modules/" + scenario.kernel->release,
             "set them in the kernel's configuration, and install its modules"}};
}

constexpr Rule rules[] = {
    {{.id = "xl-guest-memory-impossible",
      .rule = "G20",
      .severity = Severity::error,
      .title = "No board has the memory that xl's guests ask for",
      .why = "dom0 starts, and `xl create` fails with \"failed to free memory for the domain\" or \"domain creation "
             "fail\".",
      .story = "What starts with dom0 (/etc/xen/auto) has to fit beside dom0, Xen and the guests that Xen itself "
               "starts. "
               "dom0 gives none of its own back where dom0_mem is given, because xl's autoballoon is then off.",
      .source = "xen tools/xl/xl.c auto_autoballoon; tools/libs/light/libxl_mem.c"},
     impossible},
    {{.id = "xl-guest-memory-excludes-boards",
      .rule = "G20a",
      .severity = Severity::warning,
      .title = "Only some boards have the memory that xl's guests ask for",
      .why = "On a smaller board `xl create` fails with \"failed to free memory for the domain\".",
      .story = "As xl-guest-memory-impossible, for some of the boards.",
      .source = "xen tools/xl/xl.c auto_autoballoon; tools/libs/light/libxl_mem.c"},
     excludes_boards},
    {{.id = "xl-guest-file-missing",
      .rule = "G21",
      .severity = Severity::warning,
      .title = "A guest's configuration names files that are not there",
      .why = "`xl create` fails with \"kernel ... No such file or directory\", or for a disk \"failed to stat\".",
      .story = "kernel, ramdisk and the files of disk in the configurations of /etc/xen/auto are looked for on the "
               "root "
               "file system. What is mounted later is not seen here.",
      .source = "xl.cfg(5)"},
     missing_files},
    {{.id = "xl-guest-backend-missing",
      .rule = "G22",
      .severity = Severity::warning,
      .title = "dom0's kernel lacks what the disks or networks of its guests need",
      .why = "`xl create` waits for a back end and fails, or the guest waits for its disk.",
      .story = "A disk needs xen-blkback, and loop where it is a file; a network interface needs xen-netback and "
               "bridge. "
               "Known from the kernel's configuration (embedded, or /boot/config-RELEASE) and its modules.",
      .source = "linux drivers/block/xen-blkback, drivers/net/xen-netback; xen tools/hotplug/Linux/block"},
     no_backend},
};

}  // namespace

std::span<const Rule> xl_guest_rules() {
    return rules;
}

}  // namespace rpixen
