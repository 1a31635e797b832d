#include <algorithm>
#include <set>

#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

// Chapter 5: the memory of dom0, and the rest of Xen's command line.

namespace rpixen {

std::vector<Range> taken_by_modules(const BootScenario& scenario) {
    std::vector<Range> taken{{0, 0x1000}};
    for (const Placement& placement : scenario.placements)
        if (placement.role == Placement::Role::xen || placement.role == Placement::Role::module ||
            placement.role == Placement::Role::guest || placement.role == Placement::Role::device_tree)
            taken.push_back(placement.range);
    if (scenario.device_tree && scenario.device_tree->effective)
        for (const auto& reservation : scenario.device_tree->effective->reservations)
            taken.push_back(reservation.range);
    for (const Range& range : static_memory_of_guests(scenario)) taken.push_back(range);
    return taken;
}

namespace {

std::optional<std::string> dom0_mem(const BootScenario& scenario) {
    return scenario.xen_bootargs ? command_line_value(*scenario.xen_bootargs, "dom0_mem") : std::nullopt;
}

std::string board_name(std::uint64_t memory) {
    return std::to_string(memory / GiB) + " GB";
}

struct Fit {
    std::vector<std::uint64_t> starts;  ///< boards that can start it
    std::vector<std::string> refusals;  ///< "1 GB (2,676 MiB missing, at most 888 MiB)"
    std::string asked;                  ///< "dom0_mem=512M", or for each board its own
};

/// Nothing where no size is asked for.
std::optional<Fit> fit_boards(const BootScenario& scenario) {
    if (!has_dom0(scenario)) return std::nullopt;
    const auto everywhere = dom0_mem(scenario);
    if (everywhere && parse_dom0_mem(*everywhere).value_or(0) == 0) return std::nullopt;
    if (!everywhere && scenario.dom0_mem_of_board.empty()) return std::nullopt;
    Fit fit;
    if (scenario.dom0_mem_of_board.empty()) fit.asked = "dom0_mem=" + *everywhere;
    const std::vector<Range> modules = taken_by_modules(scenario);
    const BoardModel* model = scenario.firmware ? scenario.firmware->board : nullptr;
    const std::span<const std::uint64_t> sizes = model ? model->memories : std::span(board_memories);
    std::set<std::uint64_t> boards(sizes.begin(), sizes.end());
    for (const auto& [board, memory] : scenario.dom0_mem_of_board) boards.insert(board);
    for (const std::uint64_t board : boards) {
        std::string text = everywhere.value_or("");
        if (const auto own = scenario.dom0_mem_of_board.find(board); own != scenario.dom0_mem_of_board.end()) {
            text = own->second;
            fit.asked += (fit.asked.empty() ? "dom0_mem=" : ", ") + text + " on " + board_name(board);
        }
        std::vector<Range> taken = modules;
        for (const Range& own : xen_own_memory(board)) taken.push_back(own);
        // Xen takes 512 MiB where it cannot read the size.
        const std::uint64_t wanted = parse_dom0_mem(text).value_or(512 * MiB);
        const std::uint64_t missing = allocate_dom0(board_ram(board), taken, wanted).unallocated;
        if (missing == 0) {
            fit.starts.push_back(board);
        } else {
            fit.refusals.push_back(board_name(board) + " (" + std::to_string(missing / MiB) + " MiB missing, at most " +
                                   std::to_string(dom0_ceiling(board, modules) / MiB) + " MiB)");
        }
    }
    return fit;
}

Findings missing(const BootScenario& scenario) {
    if (!scenario.xen_bootargs || !has_dom0(scenario)) return {};
    const auto text = dom0_mem(scenario);
    const auto value = text ? parse_dom0_mem(*text) : std::nullopt;
    if (value && *value > 0) return {};
    return {{text ? "Xen cannot read dom0_mem" : "Xen's command line has no dom0_mem",
             text ? "dom0_mem=" + *text : *scenario.xen_bootargs, "dom0_mem=<size>",
             "add dom0_mem=512M to Xen's command line"}};
}

Findings impossible(const BootScenario& scenario) {
    const auto fit = fit_boards(scenario);
    if (!fit || !fit->starts.empty()) return {};
    return {
        {"no Raspberry Pi 4 can give dom0 that much memory", fit->asked, describe_list(fit->refusals), "ask for less"}};
}

Findings excludes_boards(const BootScenario& scenario) {
    const auto fit = fit_boards(scenario);
    if (!fit || fit->starts.empty() || fit->refusals.empty()) return {};
    std::vector<std::string> good;
    for (const std::uint64_t board : fit->starts) good.push_back(board_name(board));
    return {{"not every Raspberry Pi 4 can give dom0 that much memory",
             fit->asked + " starts on boards with " + describe_list(good) + ", not on " + describe_list(fit->refusals),
             "what the smallest board in use can give, less 64 MiB",
             "ask for less where the card is meant for smaller boards too"}};
}

Findings low_memory_changed(const BootScenario& scenario) {
    if (!scenario.firmware) return {};
    Findings findings;
    if (const auto total = config_value(*scenario.firmware, "total_mem"))
        findings.push_back({"config.txt limits the board's memory", "total_mem=" + *total, "no total_mem",
                            "remove the line, or keep dom0_mem below it"});
    for (const char* key : {"gpu_mem", "gpu_mem_1024"}) {
        const auto value = config_value(*scenario.firmware, key);
        const auto size = value ? parse_address(*value) : std::nullopt;
        if (size && *size > 128)
            findings.push_back({"config.txt gives the GPU a large share of low memory", std::string(key) + "=" + *value,
                                "76 (the default)", "remove the line; Xen does not use the GPU"});
    }
    return findings;
}

Findings debug_settings(const BootScenario& scenario) {
    if (!scenario.xen_bootargs) return {};
    std::vector<std::string> found;
    for (const char* word : {"sync_console", "loglvl", "guest_loglvl", "earlyprintk"})
        if (const auto value = command_line_value(*scenario.xen_bootargs, word))
            found.push_back(value->empty() ? std::string(word) : word + ("=" + *value));
    if (found.empty()) return {};
    return {{"Xen's command line has settings meant for debugging", describe_list(found), "none of them in a product",
             "remove them once the board starts reliably"}};
}

constexpr Rule rules[] = {
    {{.id = "dom0-mem-missing",
      .rule = "M1",
      .severity = Severity::warning,
      .title = "Xen is not told how much memory dom0 gets",
      .why = "Xen on Arm has no ballooning default: it warns and takes 512 MiB.",
      .story = "Without dom0_mem (or with one that it reads as 0, such as max:512M) Xen prints \"PLEASE "
               "SPECIFY dom0_mem PARAMETER - USING 512M FOR NOW\". The card boots, "
               "but with a number that nobody chose. A number without a unit counts KiB.",
      .source = "xen xen/arch/arm/domain_build.c construct_hwdom, parse_dom0_mem"},
     missing},
    {{.id = "dom0-mem-impossible",
      .rule = "M2",
      .severity = Severity::error,
      .title = "No board can give dom0 the memory it asks for",
      .why = "Xen maps dom0 1:1 and panics with \"Failed to allocate requested dom0 memory\" when a "
             "remainder is left.",
      .story = "Banks are naturally aligned powers of two of at least 4 MiB, the first one as low as "
               "possible and below 1 GiB; chunks below it and smaller than 128 MiB "
               "are refused. The number that fits is therefore less than the board's memory. The model here "
               "is optimistic: leave 64 MiB.",
      .source = "xen xen/arch/arm/domain_build.c allocate_memory_11"},
     impossible},
    {{.id = "dom0-mem-excludes-boards",
      .rule = "M3",
      .severity = Severity::warning,
      .title = "Only some boards can give dom0 the memory it asks for",
      .why = "On a smaller board Xen panics with \"Failed to allocate requested dom0 memory\".",
      .story = "With a 26 MiB kernel and the device tree at 0x2600000 the ceilings are about 884, 1896, 3852 "
               "and 7892 MiB for boards of 1, 2, 4 and 8 GB. The often copied "
               "dom0_mem=3584M panics on boards of 1 and 2 GB with 2.7 and 1.7 GB unallocated.",
      .source = "xen xen/arch/arm/domain_build.c allocate_memory_11 (modelled on the host)"},
     excludes_boards},
    {{.id = "low-memory-changed",
      .rule = "M4",
      .severity = Severity::warning,
      .title = "config.txt changes how much memory there is",
      .why = "total_mem and gpu_mem move the top of low memory, which every address and dom0_mem were "
             "computed with.",
      .story = "total_mem= clamps the board's memory (never below 128); gpu_mem= takes its share from the "
               "top of the first GiB. DornerWorks' issue #3 is a total_mem=1024 that was "
               "left in.",
      .source = "Raspberry Pi documentation, config.txt memory options"},
     low_memory_changed},
    {{.id = "debug-settings",
      .rule = "M5",
      .severity = Severity::note,
      .title = "Xen's command line has debug settings",
      .why = "sync_console makes every message wait for the serial line.",
      .story = "sync_console and log levels are in the overlays that everybody copies. They are right while "
               "a board is being brought up, and they cost time after that.",
      .source = "xen docs/misc/xen-command-line.pandoc"},
     debug_settings},
};

}  // namespace

std::span<const Rule> memory_rules() {
    return rules;
}

}  // namespace rpixen
