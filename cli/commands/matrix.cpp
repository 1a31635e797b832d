#include <rpixen/matrix.hpp>

#include "command.hpp"
#include "error_report.hpp"

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    PlanRequest plan;
    fill_key_request(session, plan);
    MatrixRequest request;
    request.matrix = session.arguments.operands.at(0);
    request.folder = session.arguments.value("into").value_or("");
    request.source_date_epoch = plan.source_date_epoch;
    request.allow = plan.allow;
    request.deliver = [&session](const MatrixTasks& tasks) {
        print_before_files(session, [&] {
            if (session.json())
                session.out() << tasks.json();
            else if (!session.quiet())
                session.out() << tasks.text() << (session.verbose() ? tasks.table() : "");
        });
    };
    session.actions.matrix(request, session.supervision);
    return 0;
}

}  // namespace

Command matrix_command() {
    return {
        .name = "matrix",
        .operands = "MATRIX",
        .summary = "write a manifest for every combination of a matrix's values",
        .story =
            "MATRIX.json names a manifest and axes of values that are put into it. The folder gets 0001.json, "
            "0002.json ...,\n"
            "each of which composes by itself, and tasks.tsv: name, manifest, key and values of each, for whatever "
            "runs them.\n"
            "A key stands for a card's bytes, as 'plan --key' prints it. The folder appears whole or not at all; an "
            "earlier\n"
            "one of that name is replaced.\n",
        .examples =
            "  rpixen-img matrix fleet.json -d tasks\n"
            "  tail -n +2 tasks/tasks.tsv | cut -f 2 | xargs -P 4 -I {} rpixen-img compose tasks/{} -o "
            "tasks-out/{}.img\n"
            "  rpixen-img schema matrix > matrix.schema.json\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"into", 'd', "DIR", "the folder to make", false, "<folder>"}, allow_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
