#include "compose/write_card.hpp"

#include <sys/statvfs.h>

#include <optional>
#include <utility>

#include "artifact/pin.hpp"
#include "backend/image_backend.hpp"
#include "base/size.hpp"
#include "card/plan_card.hpp"
#include "compose/card_reuse.hpp"
#include "compose/decide.hpp"
#include "compose/firmware_notes.hpp"
#include "storage/input_file.hpp"
#include "verify/verify_image.hpp"

namespace rpixen {
namespace {

std::unique_ptr<ImageBackend> find_backend(const std::string& name) {
    if (name == "direct") return direct_backend();
    if (name == "guestfs") return guestfs_backend();
    throw Error(ErrorCode::usage, "there is no such back end", name, "direct or guestfs");
}

/// A full disk is better told of before the writing than after most of it. A lower bound: metadata comes on
/// top.
void check_space(const Card& image, const OutputFile& output) {
    std::uint64_t needed = 0;
    for (const Partition& partition : image.partitions)
        if (!partition.copied() || !partition.copied()->content.placed) needed += bytes_to_copy(partition.tree);
    struct statvfs disk {};
    if (::fstatvfs(output.descriptor(), &disk) != 0) return;
    const std::uint64_t available = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    if (needed > available)
        throw Error(ErrorCode::io, "the disk has no room for " + output.path(),
                    format_size(align_down(available, MiB)) + " free", "at least " + format_size(align_up(needed, MiB)),
                    "free some space or choose another place with -o");
}

Report write_once(const ComposeRequest& request, const Manifest& manifest, OutputFile& output, OutputFile* report_file,
                  const Supervision& supervision, CardReuse* reuse) {
    const auto backend = find_backend(request.backend);
    const std::uint64_t root_offset = root_partition_offset(manifest);
    const auto store = backend->open_store(output, root_offset);
    auto root = reuse ? reuse->take_root(*backend, output, root_offset) : std::nullopt;
    const Decision decision = decide(manifest, request, request.output, *store, supervision, reuse, std::move(root));
    if (auto problems = refusal(decision, request); !problems.empty())
        throw Error(ErrorCode::unfit, std::move(problems));
    const std::vector<std::string> notes = unused_firmware(manifest, decision);
    check_space(decision.card, output);

    const WrittenImage written = backend->write(decision.card, output, supervision);
    supervision.check();
    if (request.verify != VerifyForm::none) verify_written(decision.card, output, request.verify, supervision);
    FileDigests digests;
    if (report_file) write_verification_report(decision.card, *report_file, supervision, reuse ? &digests : nullptr);
    if (reuse) reuse->finish(digests);

    Report report = report_of(decision, request);
    report.output = request.output;
    report.notes.insert(report.notes.end(), notes.begin(), notes.end());
    report.notes.insert(report.notes.end(), written.notes.begin(), written.notes.end());
    if (reuse) report.notes.push_back(reuse->note());
    if (request.digest_image) report.image_sha256 = hex(digest_of(*output.written(output.path()), supervision));
    return report;
}

}  // namespace

Report write_card(const ComposeRequest& request, const Manifest& manifest, OutputFile& output, OutputFile* report_file,
                  const Supervision& supervision, CardReuse* reuse) {
    try {
        return write_once(request, manifest, output, report_file, supervision, reuse);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::cancelled || !reuse || !reuse->gave_up()) throw;
    }
    reuse->start_over();
    output.resize(0);
    if (report_file) report_file->resize(0);
    return write_once(request, manifest, output, report_file, supervision, reuse);
}

}  // namespace rpixen
