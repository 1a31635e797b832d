#include "command.hpp"

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    DiffRequest request;
    request.a = session.arguments.operands.at(0);
    request.b = session.arguments.operands.at(1);
    request.source_date_epoch = source_date_epoch(session);
    request.allow = diagnostic_ids(session, "allow");
    request.form = session.arguments.has("quick") ? VerifyForm::quick : VerifyForm::full;
    const CardDifferences differences = session.actions.diff(request, session.supervision);
    if (session.json())
        session.out() << differences.json();
    else if (!session.quiet())
        session.out() << session.results(differences.text());
    return 0;
}

}  // namespace

Command diff_command() {
    return {
        .name = "diff",
        .operands = "A B",
        .summary = "tell what two cards differ in",
        .story =
            "Each is a card image, also one made elsewhere and also compressed (gz, xz, zst, bz2), or a manifest. "
            "Tells "
            "which\n"
            "partitions, files, metadata, addresses in memory, lines of config.txt and boot.scr and findings "
            "differ. Exits with 0\n"
            "whether they do or not: 'equal' of --json tells.\n",
        .examples =
            "  rpixen-img diff old.img.zst new.img.zst\n"
            "  rpixen-img diff sdcard.img manifest.json --json\n",
        .least_operands = 2,
        .most_operands = 2,
        .options = {{"quick", '\0', {}, "do not read the data of files, but of small ones on a FAT"}, allow_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
