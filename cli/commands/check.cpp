#include <algorithm>

#include "command.hpp"

namespace rpixen::cli {
namespace {

std::string counted(std::ptrdiff_t number, const char* word) {
    return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

/// The last line: silence would leave open whether anything was looked at.
std::string verdict(const Report& report, bool stopped) {
    const auto count = [&](Severity severity) {
        return std::count_if(report.diagnostics.begin(), report.diagnostics.end(),
                             [&](const Diagnostic& diagnostic) { return diagnostic.severity == severity; });
    };
    const std::string numbers = counted(count(Severity::error), "error") + ", " +
                                counted(count(Severity::warning), "warning") + ", " +
                                counted(count(Severity::note), "note");
    if (stopped) return "this card would not boot as it is: " + numbers + "\n";
    if (!report.not_followed.empty())
        return "whether this card boots is open: " + report.not_followed + "; in the rest: " + numbers + "\n";
    return "nothing was found that keeps this card from booting: " + numbers + "\n";
}

int run(const Session& session) {
    CheckRequest request;
    fill_plan_request(session, request);
    if (request.manifest.path() == session.arguments.operands.at(0)) request.subject = request.manifest.path();
    const Report report = session.actions.check(request, session.supervision);
    const bool stopped = std::any_of(
        report.diagnostics.begin(), report.diagnostics.end(),
        [&](const Diagnostic& diagnostic) { return session.actions.stops(diagnostic, request.allow, request.deny); });
    if (session.json()) {
        session.out() << report.json();
    } else if (!session.quiet()) {
        session.out() << session.results(diagnostics_text(report.diagnostics));
        for (const std::string& note : report.notes) session.out() << session.results("note: " + note + '\n');
        session.out() << verdict(report, stopped);
    }
    return stopped ? static_cast<int>(ErrorCode::unfit) : 0;
}

}  // namespace

Command check_command() {
    return {
        .name = "check",
        .operands = "MANIFEST|IMAGE",
        .summary = "tell why a card will not boot, before it is flashed",
        .story =
            "Takes a manifest, or any card image, also one made elsewhere and also compressed (gz, xz, zst, "
            "bz2). Exits with 5\n"
            "where something would keep the card from booting. 'explain ID' tells the long story of a "
            "finding.\n",
        .examples =
            "  rpixen-img check manifest.json\n"
            "  rpixen-img check core-image-minimal-raspberrypi4-64.wic.bz2\n"
            "  rpixen-img check manifest.json --deny xen-debug-console --json\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {folder_option, allow_option, deny_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
