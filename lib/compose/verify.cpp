#include <rpixen/compose.hpp>

#include "base/host_signals.hpp"
#include "card/plan_card.hpp"
#include "compose/decide.hpp"
#include "storage/input_file.hpp"
#include "storage/spooled_store.hpp"
#include "verify/verification_report.hpp"
#include "verify/verify_image.hpp"

namespace rpixen {
namespace {

Card load_report(const std::string& path) {
    const Bytes bytes = read_all(InputFile::open_file(path)->content());
    return parse_verification_report(as_text(bytes), path);
}

/// Of the card that a device is, which a manifest may have filled; 0 for an image.
std::uint64_t card_size(const std::string& image) {
    const auto file = InputFile::open_file_or_disk(image);
    return file->is_disk() ? largest_image(file->size()) : 0;
}

}  // namespace

Verification verify(const VerifyRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    if (request.report.empty() == request.manifest.empty())
        throw Error(ErrorCode::usage, "verify needs something to hold the image against", {},
                    "either a report or a manifest", "give --report or --manifest");
    if (!request.report.empty())
        return verify_image(load_report(request.report), request.image, request.reader, request.form, supervision);

    const Manifest manifest = request.manifest.load(card_size(request.image));
    // What a compressed root file system unpacks to is kept in a file that never gets a name.
    const auto store = spooled_store(scratch_folder);
    PlanRequest plan;
    plan.manifest = request.manifest;
    plan.source_date_epoch = request.source_date_epoch;
    plan.digest_inputs = false;
    const Decision decision = decide(manifest, plan, "", *store, supervision);
    return verify_image(decision.card, request.image, request.reader, request.form, supervision);
}

}  // namespace rpixen
