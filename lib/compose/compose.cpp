#include <rpixen/compose.hpp>

#include <optional>

#include "base/host_signals.hpp"
#include "compose/card_reuse.hpp"
#include "compose/decide.hpp"
#include "compose/firmware_notes.hpp"
#include "compose/outputs.hpp"
#include "compose/same_bytes.hpp"
#include "compose/write_card.hpp"
#include "storage/output_file.hpp"
#include "storage/spooled_store.hpp"

namespace rpixen {
namespace {

/// The last steps: nothing but the names is left to do when the result is handed on.
void give_names(const ComposeRequest& request, const Report& result, OutputFile& output,
                std::optional<OutputFile>& report, const Supervision& supervision, CardReuse* reuse) {
    const auto there = reuse && request.if_changed ? identity_of_file(request.output) : std::nullopt;
    const bool same = request.if_changed && holds_the_same(output) && (!report || holds_the_same(*report));
    if (!same) {
        if (request.sync) supervision.begin(Phase::syncing, 0);
        if (report) report->prepare(request.sync);
        output.prepare(request.sync);
    }
    supervision.check();
    if (request.deliver) request.deliver(result);
    if (same) {
        if (reuse && there) reuse->seal(output, *there);
        return;
    }
    const FileIdentity written = identify(output.descriptor(), output.path());
    if (report)
        output.commit_with(*report, request.sync);
    else
        output.commit(request.sync);
    if (reuse) reuse->seal(output, written);
}

}  // namespace

Report plan(const PlanRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    const Manifest manifest = request.manifest.load();
    check_outputs(manifest, request.manifest.path(), request.outputs);
    const auto store = spooled_store(scratch_folder);
    const Decision decision = decide(manifest, request, "", *store, supervision);
    Report report = report_of(decision, request);
    report.refusal = refusal(decision, request);
    const std::vector<std::string> notes = unused_firmware(manifest, decision);
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
    return report;
}

Report compose(const ComposeRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    const Manifest manifest = request.manifest.load();
    std::vector<std::string> outputs = request.outputs;
    outputs.push_back(request.output);
    if (!request.report.empty()) outputs.push_back(request.report);
    if (!request.reuse.empty()) outputs.push_back(record_path(request.output));
    check_outputs(manifest, request.manifest.path(), outputs);
    std::optional<OutputFile> report_file;
    if (!request.report.empty()) {
        OutputFile::mend(request.output, request.report);
        report_file.emplace(request.report);
    }
    OutputFile output(request.output);
    if (request.sync) output.write_back_early();
    std::optional<CardReuse> reuse;
    if (!request.reuse.empty()) reuse.emplace(request, manifest, output);
    CardReuse* const older = reuse ? &*reuse : nullptr;
    const Report report = write_card(request, manifest, output, report_file ? &*report_file : nullptr, supervision,
                                     older);
    give_names(request, report, output, report_file, supervision, older);
    return report;
}

const char* version() {
    return RPIXEN_VERSION;
}

}  // namespace rpixen
