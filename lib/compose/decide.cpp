#include "compose/decide.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "artifact/probe.hpp"
#include "base/size.hpp"
#include "boot/plan_boot.hpp"
#include "check/survey_root.hpp"
#include "compose/report_of.hpp"
#include "image/identity.hpp"
#include "image/plan_image.hpp"
#include "storage/input_file.hpp"

namespace rpixen {
namespace {

/// The earliest time a FAT can hold: 1980-01-01T00:00:00Z.
constexpr std::int64_t earliest_time = 315532800;
/// The latest time a U-Boot script image can hold (FAT: 2107): 2106-02-07T06:28:15Z.
constexpr std::int64_t latest_time = 0xffffffff;

/// Replacing an input by the output would lose it.
void check_output_is_no_input(const std::string& output, const ArtifactSet& artifacts,
                              const std::string& manifest) {
    struct stat target {};
    if (::stat(output.c_str(), &target) != 0) return;
    std::vector<std::string> inputs = artifacts.inputs;
    inputs.push_back(manifest);
    for (const std::string& input : inputs) {
        struct stat status {};
        if (::stat(input.c_str(), &status) == 0 && status.st_dev == target.st_dev &&
            status.st_ino == target.st_ino)
            throw Error(ErrorCode::usage, "the output would replace an input", output, "another name",
                        "give -o");
    }
}

std::int64_t time_of(const PlanRequest& request, const ArtifactSet& artifacts) {
    return std::clamp(request.source_date_epoch.value_or(newest_time(artifacts.root, earliest_time)),
                      earliest_time, latest_time);
}

/// The planned disk as the rules see it.
DiskFacts disk_facts(const ImagePlan& image) {
    DiskFacts disk;
    disk.size = image.size;
    for (const PartitionPlan& planned : image.partitions) {
        PartitionFacts part;
        part.number = static_cast<unsigned>(disk.partitions.size() + 1);
        part.range = planned.range;
        part.mbr_type = planned.mbr_type;
        part.active = planned.active;
        std::array<char, 16> uuid{};
        std::snprintf(uuid.data(), uuid.size(), "%08x-%02x", image.disk_signature, part.number);
        part.uuid = uuid.data();
        const bool fat = planned.kind == FileSystemKind::fat32;
        part.file_system = fat ? "fat32" : "ext4";
        part.label = fat ? planned.fat32.label : planned.ext4.label;
        if (planned.kind == FileSystemKind::ext4) part.file_system_uuid = format_uuid(planned.ext4.uuid);
        (fat ? disk.boot_partition : disk.root_partition) = part.number;
        disk.partitions.push_back(std::move(part));
    }
    return disk;
}

/// Whether the files of a tree can be looked into: a plan keeps nothing of a compressed root file system but
/// its names.
bool readable(const FileTree& tree) {
    for (NodeId node = 0; node < tree.node_count(); ++node)
        if (tree.type(node) == NodeType::file && tree.content(node).size != 0 && !tree.content(node).source)
            return false;
    return tree.node_count() > 1;
}

/// A plan with pinned addresses that collide, so that one can look at it. Throws `error` where there is none.
BootPlan plan_in_spite_of(const Error& error, const Manifest& manifest, const ArtifactSet& artifacts,
                          std::uint32_t time, std::vector<std::string> allow) {
    allow.insert(allow.end(), pinned_rules.begin(), pinned_rules.end());
    try {
        return plan_boot(manifest, artifacts, time, allow);
    } catch (const Error&) {
        throw error;
    }
}

/// A collision is found by the rules as well; where they see it otherwise, it becomes a diagnostic of its
/// own.
void add_collisions(const std::vector<Problem>& collisions, std::vector<Diagnostic>& diagnostics) {
    for (const Problem& problem : collisions)
        for (const char* id : pinned_rules) {
            const std::string mark = std::string(" [") + id + "]";
            const DiagnosticRule* rule = find_diagnostic_rule(id);
            if (!rule || !problem.message.ends_with(mark) ||
                std::any_of(diagnostics.begin(), diagnostics.end(),
                            [&](const Diagnostic& known) { return known.id == id; }))
                continue;
            diagnostics.insert(
                diagnostics.begin(),
                {id, rule->severity, problem.message.substr(0, problem.message.size() - mark.size()),
                 problem.found, problem.allowed, std::string(rule->why), problem.change, problem.location});
        }
}

/// What speaks against the card as a whole, now that its disk and root file system are known too.
std::vector<Diagnostic> judge_card(BootScenario scenario, const ImagePlan& image) {
    scenario.disk = disk_facts(image);
    for (const PartitionPlan& partition : image.partitions)
        if (partition.kind == FileSystemKind::ext4 && readable(partition.tree))
            scenario.root = survey_root(partition.tree);
    return judge(scenario);
}

}  // namespace

Manifest load_manifest(const std::string& path) {
    std::string text;
    try {
        const auto file = InputFile::open_file(path);
        if (file->size() > 16 * MiB)
            throw Error(ErrorCode::manifest, path + " is too large for a manifest", format_size(file->size()),
                        "at most 16MiB", "name the manifest, not an artifact");
        text = as_text(read_all(file->content()));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        throw Error(ErrorCode::manifest, error.problems());
    }
    return parse_manifest(text, path);
}

Decision decide(const Manifest& manifest, const PlanRequest& request, const std::string& output,
                ContentStore& store, const Supervision& supervision) {
    Decision decision;
    ArtifactSet artifacts = probe_artifacts(manifest, store, supervision);
    supervision.check();
    if (!output.empty()) check_output_is_no_input(output, artifacts, manifest.file);
    decision.name = manifest.name;
    decision.time = time_of(request, artifacts);
    const auto time = narrow<std::uint32_t>(decision.time);
    try {
        decision.boot = plan_boot(manifest, artifacts, time, request.allow);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::unfit) throw;
        decision.boot = plan_in_spite_of(error, manifest, artifacts, time, request.allow);
        decision.collisions = error.problems();
    }
    decision.inputs = inputs_of(artifacts);
    decision.notes = artifacts.notes;
    decision.facts = facts_of(artifacts, decision.boot);
    decision.image = plan_image(manifest, std::move(artifacts), decision.boot, decision.time);
    decision.boot.diagnostics = judge_card(decision.boot.scenario, decision.image);
    add_collisions(decision.collisions, decision.boot.diagnostics);
    return decision;
}

std::vector<Problem> refusal(const Decision& decision, const PlanRequest& request) {
    std::vector<Problem> problems = decision.collisions;
    const auto told = [&](const std::string& id) {
        return std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
            return problem.message.find("[" + id + "]") != std::string::npos;
        });
    };
    std::vector<Problem> further;
    for (const Diagnostic& diagnostic : decision.boot.diagnostics)
        if (stops(diagnostic, request.allow, request.deny) && !told(diagnostic.id))
            further.push_back({diagnostic.message + " [" + diagnostic.id + "]", diagnostic.found,
                               diagnostic.allowed, diagnostic.change, diagnostic.location});
    problems.insert(problems.end(), further.begin(), further.end());
    return problems;
}

Report report_of(const Decision& decision, bool list_root) {
    Report report = report_of(decision.image, list_root);
    add_boot_plan(report, decision.boot);
    report.name = decision.name;
    report.time = decision.time;
    report.inputs = decision.inputs;
    report.facts = decision.facts;
    report.notes.insert(report.notes.end(), decision.notes.begin(), decision.notes.end());
    return report;
}

bool stops(const Diagnostic& diagnostic, const std::vector<std::string>& allow,
           const std::vector<std::string>& deny) {
    const auto named = [&](const std::vector<std::string>& ids) {
        return std::find(ids.begin(), ids.end(), diagnostic.id) != ids.end();
    };
    if (named(deny)) return true;
    return diagnostic.severity == Severity::error && !named(allow);
}

}  // namespace rpixen
