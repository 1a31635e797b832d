#include "compose/card_report.hpp"

#include <algorithm>

#include "base/size.hpp"
#include "report/report_of.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

std::string module_text(const ModuleFacts& module) {
    std::string text = "module " + module.path;
    if (module.range)
        text += " at " + format_address(module.range->begin) + ", " + std::to_string(module.range->size()) + " bytes";
    else
        text += module.has_reg ? ", its reg cannot be read" : ", without a reg";
    for (const std::string& word : module.compatible)
        text += (&word == &module.compatible.front() ? ": " : ", ") + word;
    return text;
}

/// What a card says of itself, as lines.
std::vector<std::string> facts_of(const BootScenario& card) {
    std::vector<std::string> facts;
    const auto load = [&](const char* what, const LoadedFile& file) {
        std::string text = std::string(what) + ": " + file.file + ", " + std::to_string(file.size) + " bytes";
        if (file.address) text += ", loaded to " + format_address(*file.address);
        return text;
    };
    if (card.uboot && !card.uboot->banner.empty()) facts.push_back(card.uboot->file + ": " + card.uboot->banner);
    if (card.xen)
        facts.push_back(load("Xen", *card.xen) + (card.xen->banner.empty() ? "" : ", version " + card.xen->banner));
    if (card.kernel)
        facts.push_back(load(row_of(ModuleKind::kernel).name, *card.kernel) +
                        (card.kernel->release.empty() ? "" : ", release " + card.kernel->release));
    for (const auto& [kind, module] : card.modules) facts.push_back(load(row_of(kind).name, module));
    if (card.device_tree) {
        const DeviceTreeFacts& tree = *card.device_tree;
        std::string text = tree.file.empty() ? "device tree of the firmware" : "device tree: " + tree.file;
        if (tree.address) text += ", at " + format_address(*tree.address);
        facts.push_back(text);
        if (tree.effective)
            for (const ModuleFacts& module : tree.effective->modules) facts.push_back(module_text(module));
    }
    for (const OverlayFacts& overlay : card.overlays)
        facts.push_back("overlay " + overlay.file + (overlay.failure.empty() ? "" : " fails: " + overlay.failure));
    if (card.xen_bootargs) facts.push_back("Xen's command line: " + *card.xen_bootargs);
    if (card.dom0_bootargs) facts.push_back("dom0's command line: " + *card.dom0_bootargs);
    if (card.script && card.script->header_right)
        facts.push_back(card.script->file +
                        (*card.script->header_right ? ": header and data CRC are right" : ": a CRC in it is wrong"));
    return facts;
}

std::string config_of(const BootScenario& card) {
    std::string text;
    if (card.firmware)
        for (const ConfigLine& line : card.firmware->config) text += line.text + "\n";
    return text;
}

const char* word_of(const Placement& placement) {
    switch (placement.role) {
        case Placement::Role::xen:
            return "xen";
        case Placement::Role::module:
            return placement.module ? row_of(*placement.module).key : "other";
        case Placement::Role::device_tree:
            return "device_tree";
        case Placement::Role::overlay:
            return "overlay";
        case Placement::Role::guest:
            return "guest";
        default:
            return "other";
    }
}

}  // namespace

Report report_of(const Card& card, const CardCheck& checked, bool list_root) {
    Report report = report_of(card, list_root);
    const BootScenario& scenario = checked.scenario;
    report.facts = facts_of(scenario);
    if (scenario.script) report.script = scenario.script->text;
    report.config_txt = config_of(scenario);
    for (const Placement& placement : scenario.placements)
        report.memory.push_back({placement.name,
                                 placement.role == Placement::Role::reserved ? "reserved" : "placed",
                                 placement.range.begin,
                                 placement.range.end,
                                 false,
                                 {},
                                 0,
                                 word_of(placement)});
    for (const GuestFacts& guest : guests_of_xen(scenario))
        for (const Range& range : guest.static_ranges)
            report.memory.push_back(
                {guest.name + "'s memory", "placed", range.begin, range.end, false, {}, 0, "guest_memory"});
    report.domains = domains_of(scenario);
    std::stable_sort(report.memory.begin(), report.memory.end(),
                     [](const ReportRegion& a, const ReportRegion& b) { return a.begin < b.begin; });
    report.not_known = checked.notes;
    report.not_followed = checked.not_followed;
    report.notes.insert(report.notes.end(), checked.notes.begin(), checked.notes.end());
    return report;
}

}  // namespace rpixen
