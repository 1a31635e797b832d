#include <rpixen/compose.hpp>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "artifact/probe.hpp"
#include "backend/image_backend.hpp"
#include "base/size.hpp"
#include "boot/plan_boot.hpp"
#include "compose/report_of.hpp"
#include "image/identity.hpp"
#include "image/plan_image.hpp"
#include "storage/input_file.hpp"
#include "storage/output_file.hpp"

namespace rpixen {
namespace {

/// The earliest time a FAT can hold: 1980-01-01T00:00:00Z.
constexpr std::int64_t earliest_time = 315532800;

Manifest load_manifest(const std::string& path) {
    std::string text;
    try {
        const auto file = InputFile::open_file(path);
        if (file->size() > 16 * MiB)
            throw Error(ErrorCode::manifest, path + " is too large for a manifest", format_size(file->size()),
                        "at most 16MiB", "name the manifest, not an artifact");
        const Bytes bytes = read_all(file->content());
        text = as_text(bytes);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        throw Error(ErrorCode::manifest, error.problems());
    }
    return parse_manifest(text, path);
}

std::unique_ptr<ImageBackend> find_backend(const std::string& name) {
    if (name == "direct") return direct_backend();
    if (name == "guestfs") return guestfs_backend();
    throw Error(ErrorCode::usage, "there is no such back end", name, "direct or guestfs");
}

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
    if (request.source_date_epoch) return std::max(*request.source_date_epoch, earliest_time);
    return newest_time(artifacts.root, earliest_time);
}

/// A full disk is better told of before the writing than after most of it. A lower bound: metadata comes on
/// top.
void check_space(const ImagePlan& image, const OutputFile& output) {
    std::uint64_t needed = 0;
    for (const PartitionPlan& partition : image.partitions)
        for (NodeId node = 0; node < partition.tree.node_count(); ++node) {
            if (partition.tree.type(node) != NodeType::file || partition.tree.links(node) == 0) continue;
            const Content content = partition.tree.content(node);
            if (content.source && content.source->descriptor() != output.descriptor()) needed += content.size;
        }
    struct statvfs disk {};
    if (::fstatvfs(output.descriptor(), &disk) != 0) return;
    const std::uint64_t available = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (needed > available)
        throw Error(ErrorCode::io, "the disk has no room for " + output.path(),
                    format_size(align_down(available, MiB)) + " free",
                    "at least " + format_size(align_up(needed, MiB)),
                    "free some space or choose another place with -o");
}

void refuse_stopping(const std::vector<Diagnostic>& diagnostics, const PlanRequest& request) {
    std::vector<Problem> problems;
    for (const Diagnostic& diagnostic : diagnostics)
        if (stops(diagnostic, request.allow, request.deny))
            problems.push_back({diagnostic.message + " [" + diagnostic.id + "]", diagnostic.found,
                                diagnostic.allowed, diagnostic.change, diagnostic.location});
    if (!problems.empty()) throw Error(ErrorCode::unfit, std::move(problems));
}

/// Everything that is decided before a byte is written.
struct Planned {
    Manifest manifest;
    BootPlan boot;
    ImagePlan image;
    std::vector<std::pair<std::string, std::string>> inputs;
    std::vector<std::string> facts;
    std::int64_t time = 0;
};

Planned decide(Manifest manifest, const PlanRequest& request, const std::string& output, ContentStore& store,
               const Supervision& supervision) {
    Planned planned;
    ArtifactSet artifacts = probe_artifacts(manifest, store, supervision);
    supervision.check();
    if (!output.empty()) check_output_is_no_input(output, artifacts, request.manifest);
    planned.time = time_of(request, artifacts);
    planned.boot = plan_boot(manifest, artifacts, narrow<std::uint32_t>(planned.time), request.allow);
    refuse_stopping(planned.boot.diagnostics, request);
    planned.inputs = inputs_of(artifacts);
    planned.facts = facts_of(artifacts, planned.boot);
    planned.image = plan_image(manifest, std::move(artifacts), planned.boot, planned.time);
    planned.manifest = std::move(manifest);
    return planned;
}

Report report_of(const Planned& planned) {
    Report report = report_of(planned.image);
    add_boot_plan(report, planned.boot);
    report.name = planned.manifest.name;
    report.time = planned.time;
    report.inputs = planned.inputs;
    report.facts = planned.facts;
    return report;
}

}  // namespace

bool stops(const Diagnostic& diagnostic, const std::vector<std::string>& allow,
           const std::vector<std::string>& deny) {
    const auto named = [&](const std::vector<std::string>& ids) {
        return std::find(ids.begin(), ids.end(), diagnostic.id) != ids.end();
    };
    if (named(deny)) return true;
    return diagnostic.severity == Severity::error && !named(allow);
}

Report plan(const PlanRequest& request, const Supervision& supervision) {
    DiscardingStore store;
    return report_of(decide(load_manifest(request.manifest), request, "", store, supervision));
}

Report compose(const ComposeRequest& request, const Supervision& supervision) {
    const auto backend = find_backend(request.backend);
    Manifest manifest = load_manifest(request.manifest);
    OutputFile output(request.output);
    const auto store = backend->open_store(output, root_partition_offset(manifest));
    Planned planned = decide(std::move(manifest), request, request.output, *store, supervision);
    check_space(planned.image, output);
    const WrittenImage written = backend->write(planned.image, output, supervision);
    supervision.check();
    if (request.verify != VerifyForm::none)
        verify_written(planned.image, output, request.verify, supervision);
    if (!request.report.empty()) write_verification_report(planned.image, request.report);
    supervision.check();
    output.commit(request.sync);
    Report report = report_of(planned);
    report.output = request.output;
    report.notes.insert(report.notes.end(), written.notes.begin(), written.notes.end());
    return report;
}

const char* version() {
    return RPIXEN_VERSION;
}

}  // namespace rpixen
