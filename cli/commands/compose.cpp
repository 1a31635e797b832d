#include <array>

#include "command.hpp"
#include "depfile.hpp"
#include "error_report.hpp"

#include <rpixen/whole_file.hpp>

namespace rpixen::cli {
namespace {

VerifyForm verify_form(const Session& session) {
    if (session.arguments.has("verify") && session.arguments.has("no-verify"))
        throw Error(ErrorCode::usage, "--verify and --no-verify contradict each other", {}, {}, "give one of them");
    if (session.arguments.has("verify")) return VerifyForm::full;
    return session.arguments.has("no-verify") ? VerifyForm::none : VerifyForm::quick;
}

void print(const Session& session, const Report& report) {
    if (session.json()) {
        session.out() << report.json();
    } else if (session.verbose()) {
        session.out() << report.text();
    } else if (!session.quiet()) {
        if (!report.diagnostics.empty())
            session.surroundings.err << session.messages(diagnostics_text(report.diagnostics));
        for (const std::string& note : report.notes)
            session.surroundings.err << session.messages("note: " + note + '\n');
        session.out() << report.output << ": " << report.size << " bytes\n";
    }
}

int run(const Session& session) {
    static constexpr std::array<std::string_view, 2> backends{"direct", "guestfs"};
    ComposeRequest request;
    fill_plan_request(session, request);
    request.output = session.arguments.value("output").value_or(request.output);
    request.backend = choice(session, "backend", backends);
    request.verify = verify_form(session);
    request.report = session.arguments.value("report").value_or("");
    request.list_root = session.json();
    request.sync = !session.arguments.has("no-sync");

    request.if_changed = session.arguments.has("if-changed");
    request.reuse = session.arguments.value("reuse").value_or("");
    const auto rule = session.arguments.value("depfile");
    if (rule) request.outputs.push_back(*rule);
    request.deliver = [&session](const Report& report) {
        print_before_files(session, [&] { print(session, report); });
    };
    std::string dependencies;
    if (rule) {
        PlanRequest wish = request;
        wish.digest_inputs = false;
        dependencies = depfile(request.output, session.actions.inputs(wish, session.supervision).files);
    }
    session.actions.compose(request, session.supervision);
    if (rule) write_whole_file(*rule, dependencies);
    return 0;
}

}  // namespace

Command compose_command() {
    return {
        .name = "compose",
        .operands = "MANIFEST",
        .summary = "write the card image that a manifest describes",
        .story =
            "Reads the manifest and the artifacts that it names, plans the card, and writes its image. The "
            "image appears\n"
            "whole or not at all: an older file of that name stays until the new one is complete. The same "
            "manifest\n"
            "and artifacts give the same bytes everywhere; times come from the content or from "
            "SOURCE_DATE_EPOCH.\n"
            "A card that cannot boot is refused; 'check' and 'explain ID' tell why, --allow ID composes it "
            "anyway.\n",
        .examples =
            "  rpixen-img compose manifest.json\n"
            "  rpixen-img compose manifest.json -o build/sdcard.img --verify --report build/sdcard.json\n"
            "  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) rpixen-img compose manifest.json --json\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"output", 'o', "FILE", "the image to write (sdcard.img)"},
                    {"backend", '\0', "NAME", "who writes it: direct (default) or guestfs", false, "direct guestfs"},
                    {"verify", '\0', {}, "read the image back completely; without this quickly"},
                    {"no-verify", '\0', {}, "do not read the image back"},
                    {"report", '\0', "FILE", "write a report for 'verify --report'"},
                    {"if-changed", '\0', {}, "leave an image that would be the same, and its time"},
                    {"reuse", '\0', "IMAGE", "take over what is the same in an older image; see docs/cli.md"},
                    {"depfile", '\0', "FILE", "write every input that was read as a rule for make and ninja"},
                    folder_option,
                    {"no-sync", '\0', {}, "do not wait until the disk has the image"},
                    allow_option,
                    deny_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
