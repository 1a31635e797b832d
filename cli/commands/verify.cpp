#include <array>

#include "command.hpp"

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    static constexpr std::array<std::string_view, 2> readers{"direct", "guestfs"};
    VerifyRequest request;
    request.image = session.arguments.operands.at(0);
    request.report = session.arguments.value("report").value_or("");
    if (const auto manifest = session.arguments.value("manifest"))
        request.manifest = manifest_source(session, *manifest);
    if (session.arguments.has("report") == session.arguments.has("manifest"))
        throw Error(ErrorCode::usage, "what should the image hold?", {}, "one of --report FILE and --manifest FILE");
    request.source_date_epoch = source_date_epoch(session);
    request.reader = choice(session, "reader", readers);
    request.form = session.arguments.has("quick") ? VerifyForm::quick : VerifyForm::full;
    return print_verification(session, session.actions.verify(request, session.supervision));
}

}  // namespace

Command verify_command() {
    return {
        .name = "verify",
        .operands = "IMAGE",
        .summary = "prove that an image holds exactly what was planned",
        .story =
            "Compares partition table, file systems and every file's type, mode, owner, times, extended "
            "attributes and content\n"
            "with a report that compose wrote, or with a manifest and its artifacts. Each difference is "
            "listed; exits with 7\n"
            "where there is one.\n",
        .examples =
            "  rpixen-img verify sdcard.img --report sdcard.json\n"
            "  rpixen-img verify sdcard.img --manifest manifest.json --reader guestfs\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"report", '\0', "FILE", "the report that compose wrote"},
                    {"manifest", '\0', "FILE", "the manifest that the image was made from"},
                    {"reader", '\0', "NAME", "who reads the image: direct (default) or guestfs", false,
                     "direct guestfs"},
                    {"quick", '\0', {}, "structures only, no file's content"},
                    folder_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
