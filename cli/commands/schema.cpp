#include <algorithm>
#include <array>

#include "command.hpp"

#include <rpixen/manifest.hpp>
#include <rpixen/matrix.hpp>
#include <rpixen/spelling.hpp>

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    static constexpr std::array<std::string_view, 2> names{"manifest", "matrix"};
    const std::string of = session.arguments.operands.empty() ? "manifest" : session.arguments.operands.front();
    if (std::find(names.begin(), names.end(), of) == names.end())
        throw Error(ErrorCode::usage, "no schema has this name", of, "manifest, matrix", did_you_mean(of, names));
    session.out() << (of == "matrix" ? matrix_schema() : manifest_schema());
    return 0;
}

}  // namespace

Command schema_command() {
    return {
        .name = "schema",
        .operands = "[manifest|matrix]",
        .summary = "print the JSON Schema of the manifest, or of a matrix",
        .story =
            "Editors complete and check a manifest from it: put \"$schema\": \"manifest.schema.json\" into "
            "the manifest.\n",
        .examples =
            "  rpixen-img schema > manifest.schema.json\n"
            "  rpixen-img schema matrix > matrix.schema.json\n",
        .most_operands = 1,
        .options = {},
        .run = run,
    };
}

}  // namespace rpixen::cli
