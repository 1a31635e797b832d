#include <charconv>

#include "command.hpp"

#include <rpixen/spelling.hpp>

namespace rpixen::cli {
namespace {

/// Where a boot can be said to have come.
std::vector<std::string_view> stages() {
    std::vector<std::string_view> names;
    for (int index = 1; index <= static_cast<int>(BootStage::login); ++index)
        names.emplace_back(name_of(static_cast<BootStage>(index)));
    return names;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view between) {
    std::string text;
    for (const std::string_view word : words) text.append(text.empty() ? "" : between).append(word);
    return text;
}

BootStage stage(const std::string& name) {
    if (parse_guest_goal(name)) return BootStage::login;  // see guest()
    if (const auto known = parse_boot_stage(name); known && *known != BootStage::none) return *known;
    const std::vector<std::string_view> names = stages();
    throw Error(ErrorCode::usage, "no stage of a boot", name, joined(names, ", ") + ", guest:NAME, guest-login:NAME",
                did_you_mean(name, names));
}

std::chrono::seconds duration(const std::string& text) {
    unsigned seconds = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, seconds);
    if (result.ec != std::errc{} || result.ptr != end || seconds == 0 || seconds > 86'400)
        throw Error(ErrorCode::usage, "not a value of --timeout", text, "seconds, from 1 to 86400");
    return std::chrono::seconds(seconds);
}

/// The guest that is waited for, where one is.
std::optional<GuestGoal> guest(const Session& session) {
    const auto until = session.arguments.value("until");
    return until ? parse_guest_goal(*until) : std::nullopt;
}

/// Announces how an attended boot is left.
void greet(const Session& session, const std::string& what) {
    if (session.quiet()) return;
    session.surroundings.err << what << " Ctrl-] leaves; Ctrl-A three times talks to Xen.\n" << std::flush;
}

BootResult boot_image(const Session& session, bool attended, BootStage until, std::chrono::seconds timeout) {
    BootRequest request;
    request.image = session.arguments.operands.front();
    request.log = session.arguments.value("log").value_or("");
    request.qemu = session.arguments.value("qemu").value_or(request.qemu);
    request.until = until;
    request.guest = guest(session);
    request.timeout = timeout;
    if (!attended) return session.actions.boot_until(request, session.supervision);
    greet(session, "Booting " + request.image + " in an emulated Raspberry Pi 4.");
    return session.actions.boot_on_console(request, {}, session.supervision);
}

BootResult watch_board(const Session& session, bool attended, BootStage until, std::chrono::seconds timeout) {
    BoardRequest request;
    request.device = *session.arguments.value("serial");
    request.power_command = session.arguments.value("power-command").value_or("");
    request.log = session.arguments.value("log").value_or("");
    request.until = until;
    request.guest = guest(session);
    request.timeout = timeout;
    if (!attended) return session.actions.watch_board_until(request, session.supervision);
    greet(session, "Listening on " + request.device + (request.power_command.empty() ? "; switch the board on." : "."));
    return session.actions.watch_board_on_console(request, {}, session.supervision);
}

/// A board or an image, and what belongs to it.
void check_use(const Session& session) {
    const bool board = session.arguments.has("serial");
    const bool image = !session.arguments.operands.empty();
    if (board && image)
        throw Error(ErrorCode::usage, "an image is booted in the emulator, and --serial watches a board",
                    session.arguments.operands.front(), {}, "give one of them");
    if (!board && !image)
        throw Error(ErrorCode::usage, "boot needs an operand", {}, "IMAGE, or --serial DEVICE for a real board");
    if (board && session.arguments.has("qemu"))
        throw Error(ErrorCode::usage, "--qemu has no meaning with --serial", {}, {}, "leave it out");
    if (!board && session.arguments.has("power-command"))
        throw Error(ErrorCode::usage, "--power-command switches a real board on", {}, {}, "give --serial too");
}

int run(const Session& session) {
    check_use(session);
    const auto until = session.arguments.value("until");
    const auto timeout = session.arguments.value("timeout");
    // Where nobody can type, the boot is an unattended one.
    const bool attended = !until && !session.json() && !timeout;
    const auto start = session.arguments.has("serial") ? watch_board : boot_image;
    const BootResult result = start(session, attended, until ? stage(*until) : BootStage::login,
                                    timeout ? duration(*timeout) : std::chrono::seconds(300));
    if (session.json())
        session.out() << result.json();
    else if (!session.quiet())
        session.out() << result.text();
    return attended || result.ok ? 0 : static_cast<int>(ErrorCode::unfit);
}

}  // namespace

Command boot_command() {
    static const std::string stage_words = joined(stages(), " ");
    return {
        .name = "boot",
        .operands = "IMAGE",
        .summary = "start a card image in an emulated Raspberry Pi 4, or watch a board",
        .story =
            "Runs the image's own U-Boot and boot.scr in QEMU's raspi4b (9.0 or newer) over a throw-away "
            "copy-on-write view; the\n"
            "image is never changed. The serial console is on the terminal: stop U-Boot's countdown, log in "
            "to dom0, press\n"
            "Ctrl-A three times to talk to Xen; Ctrl-] leaves. With --until, --timeout or --json nobody is "
            "asked: the boot\n"
            "ends at the stage, at a failure, whose cause is named (exit status 5), or at the timeout.\n"
            "Stages: u-boot, boot.scr, device-tree, xen, dom0-kernel, root, login; guest:NAME for the first line of a "
            "guest's\n"
            "console, guest-login:NAME until it asks for a login.\n"
            "With --serial and no image the same is done with a real board on a serial line (115,200 baud): switched "
            "on by\n"
            "--power-command, or by you.\n",
        .examples =
            "  rpixen-img boot sdcard.img\n"
            "  rpixen-img boot sdcard.img --until login --timeout 300 --log serial.log\n"
            "  rpixen-img boot --serial /dev/ttyUSB0 --power-command 'uhubctl -l 1-1 -a cycle' --until login\n",
        .least_operands = 0,
        .most_operands = 1,
        .options = {{"until", '\0', "STAGE", "end well when this stage is reached (login)", false, stage_words},
                    {"timeout", '\0', "SECONDS", "end in failure after this time (300)", false, ""},
                    {"log", '\0', "FILE", "keep everything that the serial console says"},
                    {"qemu", '\0', "PROGRAM", "another qemu-system-aarch64"},
                    {"serial", '\0', "DEVICE", "watch a real board on this serial line instead"},
                    {"power-command", '\0', "CMD", "for sh -c: switches that board off and on"}},
        .run = run,
    };
}

}  // namespace rpixen::cli
