#include <rpixen/diff.hpp>

#include <algorithm>
#include <memory>

#include "base/host_signals.hpp"
#include "card/read_card.hpp"
#include "compose/card_report.hpp"
#include "compose/decide.hpp"
#include "compose/subject.hpp"
#include "storage/spooled_store.hpp"
#include "verify/compare_cards.hpp"
#include "verify/line_diff.hpp"

namespace rpixen {
namespace {

/// One of the two cards, with what its boot comes to.
struct Side {
    std::string name;
    std::shared_ptr<ContentStore> store;  ///< has what a manifest's root file system unpacks to
    Card card;
    Report report;
};

/// What a manifest that came without a path is called.
std::string name_of(const ManifestSource& source, const Manifest& manifest) {
    if (const std::string path = source.path(); !path.empty()) return path;
    return manifest.name.empty() ? "manifest" : manifest.name;
}

Side read_side(const std::string& subject, const ManifestSource& source, const DiffRequest& request,
               const Supervision& supervision) {
    if (subject.empty() && source.empty())
        throw Error(ErrorCode::usage, "a card to compare is missing", {}, "an image or a manifest", "give both");
    Side side;
    side.name = subject;
    if (subject.empty() || is_manifest(subject)) {
        PlanRequest plan;
        plan.manifest = subject.empty() ? source : subject;
        plan.source_date_epoch = request.source_date_epoch;
        plan.allow = request.allow;
        plan.digest_inputs = false;
        side.store = spooled_store(scratch_folder);
        const Manifest manifest = plan.manifest.load();
        if (subject.empty()) side.name = name_of(source, manifest);
        Decision decision = decide(manifest, plan, "", *side.store, supervision);
        side.report = report_of(decision.card, decision.check, false);
        side.report.diagnostics = std::move(decision.check.diagnostics);
        side.card = std::move(decision.card);
    } else {
        side.card = read_card(subject, supervision);
        CardCheck checked = check_card(side.card);
        side.report = report_of(side.card, checked, false);
        side.report.diagnostics = std::move(checked.diagnostics);
    }
    return side;
}

bool same_place(const ReportRegion& a, const ReportRegion& b) {
    return a.begin == b.begin && a.end == b.end && a.kind == b.kind && a.role == b.role && a.name == b.name;
}

/// Regions of one name are the same thing, and so are those that alone are left with their role.
std::vector<RegionDifference> compare_memory(std::vector<ReportRegion> a, std::vector<ReportRegion> b) {
    std::vector<RegionDifference> differences;
    const auto pair_up = [&](auto matches) {
        std::erase_if(a, [&](const ReportRegion& one) {
            const auto other = std::find_if(b.begin(), b.end(),
                                            [&](const ReportRegion& candidate) { return matches(one, candidate); });
            if (other == b.end()) return false;
            if (!same_place(one, *other)) differences.push_back({Change::changed, one, *other});
            b.erase(other);
            return true;
        });
    };
    pair_up(same_place);
    pair_up([](const ReportRegion& one, const ReportRegion& other) {
        return one.role == other.role && one.kind == other.kind && one.name == other.name;
    });
    pair_up([](const ReportRegion& one, const ReportRegion& other) {
        return one.role == other.role && one.role != "other";
    });
    for (const ReportRegion& one : a) differences.push_back({Change::removed, one, {}});
    for (const ReportRegion& one : b) differences.push_back({Change::added, {}, one});
    const auto begin = [](const RegionDifference& one) {
        return one.change == Change::added ? one.b.begin : one.a.begin;
    };
    std::stable_sort(
        differences.begin(), differences.end(),
        [&](const RegionDifference& one, const RegionDifference& other) { return begin(one) < begin(other); });
    return differences;
}

void compare_text(std::vector<TextDifference>& texts, const char* name, const std::string& a, const std::string& b) {
    if (auto lines = line_diff(a, b); !lines.empty()) texts.push_back({name, std::move(lines)});
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

/// Those of `all` that `others` do not have.
std::vector<Diagnostic> findings_without(const std::vector<Diagnostic>& all, const std::vector<Diagnostic>& others) {
    std::vector<Diagnostic> left;
    std::copy_if(all.begin(), all.end(), std::back_inserter(left), [&](const Diagnostic& one) {
        return std::none_of(others.begin(), others.end(), [&](const Diagnostic& other) {
            return one.id == other.id && one.message == other.message && one.found == other.found;
        });
    });
    return left;
}

}  // namespace

const char* name_of(Change change) noexcept {
    switch (change) {
        case Change::removed:
            return "removed";
        case Change::added:
            return "added";
        case Change::changed:
            return "changed";
    }
    return "changed";
}

CardDifferences diff(const DiffRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    const Side a = read_side(request.a, request.manifest_a, request, supervision);
    const Side b = read_side(request.b, request.manifest_b, request, supervision);
    CardDifferences differences = compare_cards(a.card, b.card, request.form, supervision);
    differences.a = a.name;
    differences.b = b.name;
    if (a.report.not_followed != b.report.not_followed)
        differences.card.push_back({"not followed", a.report.not_followed, b.report.not_followed});
    differences.memory = compare_memory(a.report.memory, b.report.memory);
    compare_text(differences.texts, "facts", joined(a.report.facts), joined(b.report.facts));
    compare_text(differences.texts, "config.txt", a.report.config_txt, b.report.config_txt);
    compare_text(differences.texts, "boot.scr", a.report.script, b.report.script);
    differences.findings_gone = findings_without(a.report.diagnostics, b.report.diagnostics);
    differences.findings_added = findings_without(b.report.diagnostics, a.report.diagnostics);
    return differences;
}

}  // namespace rpixen
