#include "command.hpp"
#include "error_report.hpp"

#include <rpixen/whole_file.hpp>

namespace rpixen::cli {
namespace {

/// What the card is made of, without a plan.
int run_inputs(const Session& session, PlanRequest& request) {
    const bool key = session.arguments.has("key");
    request.digest_inputs = key || session.json();
    const CardInputs inputs = session.actions.inputs(request, session.supervision);
    if (session.json()) {
        session.out() << inputs.json();
        return 0;
    }
    if (key) session.out() << inputs.key << '\n';
    if (session.arguments.has("inputs"))
        for (const std::string& file : inputs.files) session.out() << file << '\n';
    return 0;
}

int run(const Session& session) {
    PlanRequest request;
    fill_plan_request(session, request);
    if (session.arguments.has("key") || session.arguments.has("inputs")) return run_inputs(session, request);
    request.list_root = session.json() || session.verbose();
    const auto picture = session.arguments.value("svg");
    if (picture) request.outputs.push_back(*picture);
    const Report report = session.actions.plan(request, session.supervision);
    const auto print = [&] {
        if (session.json())
            session.out() << report.json();
        else if (!session.quiet())
            session.out() << report.text(session.verbose());
    };
    if (picture)
        write_whole_file(*picture, report.svg(), [&] { print_before_files(session, print); });
    else
        print();
    if (report.refusal.empty()) return 0;
    write_error(session.surroundings, Error(ErrorCode::unfit, report.refusal));
    return static_cast<int>(ErrorCode::unfit);
}

}  // namespace

Command plan_command() {
    return {
        .name = "plan",
        .operands = "MANIFEST",
        .summary = "print everything that compose would do; write nothing",
        .story =
            "Partitions, the files of the boot partition, the memory map at boot, config.txt and the boot "
            "script, and what\n"
            "speaks against this card. With --verbose every file of the root file system. A card that "
            "compose\n"
            "would refuse is shown all the same, with status 5.\n",
        .examples =
            "  rpixen-img plan manifest.json\n"
            "  rpixen-img plan manifest.json --svg memory.svg\n"
            "  rpixen-img plan manifest.json --key\n"
            "  rpixen-img plan manifest.json --json | jq '.memory[]'\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"svg", '\0', "FILE", "draw the memory map and the card's layout"},
                    {"key", '\0', {}, "print the card's key: one digest over manifest, inputs and this program"},
                    {"inputs", '\0', {}, "print every file and folder that compose reads"},
                    folder_option,
                    allow_option,
                    deny_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
