#include "command.hpp"

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    const Report report = session.actions.inspect({session.arguments.operands.at(0)}, session.supervision);
    if (session.json())
        session.out() << report.json();
    else if (!session.quiet())
        session.out() << report.text(session.verbose());
    return 0;
}

}  // namespace

Command inspect_command() {
    return {
        .name = "inspect",
        .operands = "IMAGE",
        .summary = "print what a card image holds",
        .story =
            "Partition table, the files of the boot partition, the decoded boot.scr, dom0's modules: of any "
            "card image, also\n"
            "one made elsewhere. With --verbose every file of the root file system.\n",
        .examples =
            "  rpixen-img inspect sdcard.img\n"
            "  rpixen-img inspect sdcard.img --json | jq -r '.partitions[0].files[].path'\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {},
        .run = run,
    };
}

}  // namespace rpixen::cli
