#include <algorithm>

#include <rpixen/compose.hpp>

#include "base/host_signals.hpp"
#include "card/read_card.hpp"
#include "compose/card_report.hpp"
#include "compose/decide.hpp"
#include "compose/subject.hpp"
#include "follow/check_card.hpp"
#include "storage/spooled_store.hpp"

namespace rpixen {

Report inspect(const InspectRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    const Card card = read_card(request.image, supervision);
    return report_of(card, check_card(card));
}

Report check(const CheckRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    if (request.subject.empty() || is_manifest(request.subject)) {
        const ManifestSource source = request.subject.empty() ? request.manifest : ManifestSource(request.subject);
        const auto store = spooled_store(scratch_folder);
        return report_of(decide(source.load(), request, "", *store, supervision), request);
    }
    const Card card = read_card(request.subject, supervision);
    CardCheck checked = check_card(card);
    Report report = report_of(card, checked);
    report.diagnostics = std::move(checked.diagnostics);
    report.notes = std::move(checked.notes);  // what is wrong with the disk is among the diagnostics
    return report;
}

Diagnosis diagnose(const DiagnoseRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    Diagnosis diagnosis;
    diagnosis.log = request.log;
    diagnosis.image = request.image;
    diagnosis.reading = read_boot_log(request.log, supervision);
    if (request.image.empty()) return diagnosis;
    CardCheck checked = check_card(read_card(request.image, supervision));
    diagnosis.findings = std::move(checked.diagnostics);
    diagnosis.not_followed = std::move(checked.not_followed);

    // What both the log and the card point to is the cause, and the card's finding knows its files by name.
    std::vector<std::string>& rules = diagnosis.reading.rules;
    const auto finding = [&](const std::string& rule) {
        return std::find_if(diagnosis.findings.begin(), diagnosis.findings.end(),
                            [&](const Diagnostic& raised) { return raised.id == rule; });
    };
    std::stable_partition(rules.begin(), rules.end(),
                          [&](const auto& rule) { return finding(rule) != diagnosis.findings.end(); });
    for (const std::string& rule : rules)
        if (finding(rule) != diagnosis.findings.end()) diagnosis.confirmed.push_back(rule);
    if (!diagnosis.confirmed.empty()) diagnosis.reading.change = finding(rules.front())->change;
    return diagnosis;
}

}  // namespace rpixen
