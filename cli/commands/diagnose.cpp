#include "command.hpp"

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    DiagnoseRequest request;
    request.log = session.arguments.operands.front();
    request.image = session.arguments.value("image").value_or("");
    const Diagnosis diagnosis = session.actions.diagnose(request, session.supervision);
    if (session.json())
        session.out() << diagnosis.json();
    else if (!session.quiet())
        session.out() << diagnosis.text();
    return diagnosis.reading.ok ? 0 : static_cast<int>(ErrorCode::unfit);
}

}  // namespace

Command diagnose_command() {
    return {
        .name = "diagnose",
        .operands = "LOG",
        .summary = "tell from a saved serial log how far a card came, and why no further",
        .story =
            "Takes what minicom, screen, tio or a forum's paste keep of a serial console: time stamps, colours, "
            "carriage\n"
            "returns and lost lines do no harm; - is standard input. Tells the stage reached, the cause, the "
            "diagnostic's id\n"
            "('explain ID' has its story) and what to change. Of several boots the last is meant, or the one before it "
            "where\n"
            "the log only ends too early. With --image the card's own findings stand beside it. Exit status 0 where "
            "the log\n"
            "comes to a login, 5 otherwise.\n",
        .examples =
            "  rpixen-img diagnose minicom.cap\n"
            "  rpixen-img diagnose serial.log --image sdcard.img --json\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"image", '\0', "IMAGE", "the card that the log is of: check it too"}},
        .run = run,
    };
}

}  // namespace rpixen::cli
