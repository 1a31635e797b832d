#include <charconv>

#include "command.hpp"

#include <rpixen/spelling.hpp>

namespace rpixen::cli {
namespace {

BootStage stage(const std::string& name) {
    if (const auto known = parse_boot_stage(name); known && *known != BootStage::none) return *known;
    std::vector<std::string_view> names;
    std::string list;
    for (int index = 1; index <= static_cast<int>(BootStage::login); ++index) {
        names.emplace_back(name_of(static_cast<BootStage>(index)));
        list.append(list.empty() ? "" : ", ").append(names.back());
    }
    const auto nearest = nearest_word(name, names);
    throw Error(ErrorCode::usage, "no stage of a boot", name, list, nearest ? "write " + std::string(*nearest) : "");
}

std::chrono::seconds duration(const std::string& text) {
    unsigned seconds = 0;
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, seconds);
    if (result.ec != std::errc{} || result.ptr != end || seconds == 0 || seconds > 86'400)
        throw Error(ErrorCode::usage, "not a value of --timeout", text, "seconds, from 1 to 86400");
    return std::chrono::seconds(seconds);
}

int run(const Session& session) {
    BootRequest request;
    request.image = session.arguments.operands.at(0);
    request.log = session.arguments.value("log").value_or("");
    request.qemu = session.arguments.value("qemu").value_or(request.qemu);
    const auto until = session.arguments.value("until");
    if (const auto timeout = session.arguments.value("timeout")) request.timeout = duration(*timeout);
    // Where nobody can type, the boot is an unattended one.
    const bool attended = !until && !session.json() && !session.arguments.has("timeout");
    if (until) request.until = stage(*until);

    if (attended && !session.quiet()) {
        session.surroundings.err << "Booting " << request.image
                                 << " in an emulated Raspberry Pi 4. Ctrl-] leaves; Ctrl-A three times talks to Xen.\n"
                                 << std::flush;
    }
    const BootResult result = attended ? session.actions.boot_on_console(request, {}, session.supervision)
                                       : session.actions.boot_until(request, session.supervision);
    if (session.json())
        session.out() << result.json();
    else if (!session.quiet())
        session.out() << result.text();
    return attended || result.ok ? 0 : static_cast<int>(ErrorCode::unfit);
}

}  // namespace

Command boot_command() {
    return {
        .name = "boot",
        .operands = "IMAGE",
        .summary = "start a card image in an emulated Raspberry Pi 4",
        .story =
            "Runs the image's own U-Boot and boot.scr in QEMU's raspi4b (9.0 or newer) over a throw-away "
            "copy-on-write view; the\n"
            "image is never changed. The serial console is on the terminal: stop U-Boot's countdown, log in "
            "to dom0, press\n"
            "Ctrl-A three times to talk to Xen; Ctrl-] leaves. With --until, --timeout or --json nobody is "
            "asked: the boot\n"
            "ends at the stage, at a failure, whose cause is named (exit status 5), or at the timeout.\n"
            "Stages: u-boot, boot.scr, device-tree, xen, dom0-kernel, root, login.\n",
        .examples =
            "  rpixen-img boot sdcard.img\n"
            "  rpixen-img boot sdcard.img --until login --timeout 300 --log serial.log\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"until", '\0', "STAGE", "end well when this stage is reached (login)"},
                    {"timeout", '\0', "SECONDS", "end in failure after this time (300)"},
                    {"log", '\0', "FILE", "keep everything that the serial console says"},
                    {"qemu", '\0', "PROGRAM", "another qemu-system-aarch64"}},
        .run = run,
    };
}

}  // namespace rpixen::cli
