#include "command.hpp"

#include <rpixen/manifest.hpp>

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    session.out() << manifest_schema();
    return 0;
}

}  // namespace

Command schema_command() {
    return {
        .name = "schema",
        .operands = "",
        .summary = "print the JSON Schema of the manifest",
        .story =
            "Editors complete and check a manifest from it: put \"$schema\": \"manifest.schema.json\" into "
            "the manifest.\n",
        .examples = "  rpixen-img schema > manifest.schema.json\n",
        .options = {},
        .run = run,
    };
}

}  // namespace rpixen::cli
