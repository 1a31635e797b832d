#include <iomanip>
#include <sstream>
#include <string>

#include "command.hpp"

#include <rpixen/error.hpp>

namespace rpixen::cli {
namespace {

std::string description(const FlashDisk& disk) {
    std::ostringstream text;
    text << disk.path << " (" << (disk.model.empty() ? "" : disk.model + ", ") << std::fixed << std::setprecision(1)
         << static_cast<double>(disk.size) / 1e9 << " GB)";
    return text.str();
}

/// Whether the user wants that disk overwritten. Only "y" and "yes" say so.
bool asked(const Session& session, const FlashDisk& disk) {
    session.surroundings.err << "All that " << description(disk) << " holds will be lost. Write "
                             << session.arguments.operands.front() << " to it? [y/N] " << std::flush;
    std::string answer;
    if (!std::getline(*session.surroundings.in, answer)) session.surroundings.err << '\n' << std::flush;
    if (session.surroundings.cancel) session.surroundings.cancel->check();
    return answer == "y" || answer == "Y" || answer == "yes";
}

void check_question_can_be_asked(const Session& session) {
    const Surroundings& surroundings = session.surroundings;
    if (surroundings.in && surroundings.terminal_in && surroundings.terminal) return;
    throw Error(ErrorCode::usage, "nobody can be asked whether the card may be overwritten",
                "no terminal on standard input and standard error", "--yes",
                "look at the device again, and give --yes");
}

int list(const Session& session) {
    const FlashDisks disks = session.actions.candidates();
    if (session.json())
        session.out() << disks.json();
    else if (!session.quiet())
        session.out() << disks.text() << "Write one: rpixen-img flash " << session.arguments.operands.front()
                      << " DEVICE\n";
    return 0;
}

void print(const Session& session, const FlashResult& result) {
    if (session.json()) {
        session.out() << result.json();
        return;
    }
    if (session.quiet()) return;
    session.surroundings.err << session.messages(diagnostics_text(result.diagnostics));
    session.out() << result.text();
}

int run(const Session& session) {
    if (session.arguments.operands.size() == 1) return list(session);
    FlashRequest request;
    fill_plan_request(session, request);
    if (request.manifest.path() == session.arguments.operands.front()) request.subject = request.manifest.path();
    request.device = session.arguments.operands.at(1);
    request.skip_equal = session.arguments.has("skip-equal");
    request.insisted = session.arguments.has("yes");
    if (!request.insisted) {
        check_question_can_be_asked(session);
        request.confirm = [&session](const FlashDisk& disk) { return asked(session, disk); };
    }
    print(session, session.actions.flash(request, session.supervision));
    return 0;
}

}  // namespace

Command flash_command() {
    return {
        .name = "flash",
        .operands = "IMAGE|MANIFEST [DEVICE]",
        .summary = "write a card and prove it by reading it back",
        .story =
            "Writes an image, raw or compressed, or the card of a manifest onto a whole disk that nothing uses, and "
            "reads it back. Without DEVICE the disks are listed that it could be. Only those bytes are written that "
            "matter: as the block map beside the image says (NAME.img.bmap), or its file systems. With a manifest "
            "whose root partition has the size \"fill\" the partition ends with the card.\n\n"
            "The first MiB comes last: a card that was not written to its end does not start, and says so in its first "
            "sector ('inspect' reads it). Without --yes you are asked first; a disk that is not removable needs "
            "--yes.\n",
        .examples =
            "  rpixen-img flash sdcard.img\n"
            "  rpixen-img flash sdcard.img.zst /dev/sdb\n"
            "  rpixen-img flash manifest.json /dev/mmcblk0 --skip-equal --yes\n",
        .least_operands = 1,
        .most_operands = 2,
        .options = {{"skip-equal", '\0', {}, "read first what the card holds, and write only what differs"},
                    {"yes", '\0', {}, "do not ask; take a disk that is not removable too"},
                    folder_option,
                    allow_option,
                    deny_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
