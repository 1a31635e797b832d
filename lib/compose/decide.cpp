#include "compose/decide.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "base/beside.hpp"
#include "base/size.hpp"
#include "boot/plan_boot.hpp"
#include "card/identity.hpp"
#include "card/mapped_ranges.hpp"
#include "card/plan_card.hpp"
#include "card/read_card.hpp"
#include "compose/card_inputs.hpp"
#include "compose/card_reuse.hpp"
#include "compose/gather_inputs.hpp"
#include "report/report_of.hpp"
#include "storage/input_file.hpp"
#include "tree/newest_time.hpp"

namespace rpixen {
namespace {

/// The latest time a U-Boot script image can hold (FAT: 2107): 2106-02-07T06:28:15Z.
constexpr std::int64_t latest_time = 0xffffffff;

/// Replacing an input by the output would lose it.
void check_output_is_no_input(const std::string& output, const Inputs& gathered, const std::string& manifest) {
    struct stat target {};
    if (::stat(output.c_str(), &target) != 0) return;
    std::vector<std::string> inputs = gathered.artifacts.inputs;
    inputs.insert(inputs.end(), gathered.root.inputs.begin(), gathered.root.inputs.end());
    if (!manifest.empty()) inputs.push_back(manifest);
    for (const std::string& input : inputs) {
        struct stat status {};
        if (::stat(input.c_str(), &status) == 0 && status.st_dev == target.st_dev && status.st_ino == target.st_ino)
            throw Error(ErrorCode::usage, "the output would replace an input", output, "another name", "give -o");
    }
}

std::int64_t time_of(const PlanRequest& request, const RootFileSystem& root) {
    return std::clamp(request.source_date_epoch.value_or(newest_time(root.tree, earliest_time)), earliest_time,
                      latest_time);
}

/// A prebuilt file system comes from outside: what is damaged in it is a bad input.
void read_prebuilt(Partition& partition, const Supervision& supervision) {
    constexpr std::size_t most_listed = 20;
    read_copied(partition, supervision);
    std::vector<Problem> problems = partition.problems;
    if (problems.empty()) return;
    if (problems.size() > most_listed) problems.resize(most_listed);
    for (Problem& problem : problems) {
        problem.location.file = partition.copied()->content.source->name();
        problem.change = "run e2fsck on it, or make or fetch the image again";
    }
    throw Error(ErrorCode::artifact, std::move(problems));
}

}  // namespace

Decision decide(const Manifest& manifest, const PlanRequest& request, const std::string& output, ContentStore& store,
                const Supervision& supervision, CardReuse* reuse, std::optional<RootFileSystem> root) {
    Decision decision;
    CancelToken given_up(supervision.cancel);
    const ManifestDigests known = reuse ? reuse->known_digests() : ManifestDigests();
    std::future<ManifestDigests> reading = beside([&] {
        return request.digest_inputs
                   ? manifest_digests(manifest, DigestsOf::what_is_not_examined, {nullptr, &given_up}, known)
                   : ManifestDigests();
    });
    Inputs inputs;
    try {
        inputs = gather_inputs(manifest, store, supervision, {scratch_folder, request.source_date_epoch},
                               std::move(root));
    } catch (...) {
        given_up.cancel();
        throw;
    }
    const ArtifactSet& artifacts = inputs.artifacts;
    supervision.check();
    if (!output.empty()) check_output_is_no_input(output, inputs, request.manifest.path());
    decision.name = manifest.name;
    decision.time = time_of(request, inputs.root);
    const auto time = narrow<std::uint32_t>(decision.time);
    decision.boot = plan_boot(manifest, artifacts, time, request.allow);
    decision.inputs = inputs_of(artifacts, inputs.root);
    const ManifestDigests digests = reading.get();
    decision.artifacts = artifacts_of(manifest, artifacts, digests);
    decision.manifest_sha256 = manifest_sha256(manifest);
    decision.notes = inputs.root.notes;
    decision.facts = facts_of(manifest, artifacts, decision.boot);
    if (reuse) reuse->keep(inputs.root, root_partition_offset(manifest), digests);
    decision.card = plan_card(manifest, artifacts, std::move(inputs.root), decision.boot, decision.time);
    if (reuse) reuse->check(decision.card);
    for (Partition& partition : decision.card.partitions)
        if (partition.copied()) read_prebuilt(partition, supervision);
    decision.check = check_card(decision.card);
    return decision;
}

std::vector<Problem> refusal(const Decision& decision, const PlanRequest& request) {
    std::vector<Problem> problems;
    for (const Diagnostic& diagnostic : decision.check.diagnostics)
        if (stops(diagnostic, request.allow, request.deny))
            problems.push_back({diagnostic.message, diagnostic.found, diagnostic.allowed, diagnostic.change,
                                diagnostic.location, diagnostic.id});
    return problems;
}

Report report_of(const Decision& decision, const PlanRequest& request) {
    Report report = report_of(decision.card, request.list_root);
    if (request.list_extents)
        for (const Range& range : mapped_ranges(decision.card)) report.extents.push_back({range.begin, range.end});
    add_boot_plan(report, decision.boot);
    report.name = decision.name;
    report.time = decision.time;
    report.inputs = decision.inputs;
    report.artifacts = decision.artifacts;
    report.manifest_sha256 = decision.manifest_sha256;
    report.facts = decision.facts;
    report.diagnostics = decision.check.diagnostics;
    report.domains = domains_of(decision.check.scenario);
    report.not_known = decision.check.notes;
    report.not_followed = decision.check.not_followed;
    report.notes.insert(report.notes.end(), decision.check.notes.begin(), decision.check.notes.end());
    report.notes.insert(report.notes.end(), decision.notes.begin(), decision.notes.end());
    return report;
}

bool stops(const Diagnostic& diagnostic, const std::vector<std::string>& allow, const std::vector<std::string>& deny) {
    const auto named = [&](const std::vector<std::string>& ids) {
        return std::find(ids.begin(), ids.end(), diagnostic.id) != ids.end();
    };
    if (named(deny)) return true;
    return diagnostic.severity == Severity::error && !named(allow);
}

}  // namespace rpixen
