#include <filesystem>

#include "command.hpp"
#include "error_report.hpp"

#include <rpixen/whole_file.hpp>

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    ProposeRequest request;
    request.folder = session.arguments.operands.at(0);
    while (request.folder.size() > 1 && request.folder.ends_with('/')) request.folder.pop_back();
    const std::string file = session.arguments.value("output").value_or("manifest.json");
    if (std::filesystem::exists(file))
        throw Error(ErrorCode::usage, "there is a manifest already", file, "a name that is free",
                    "give another with -o, or move it away");
    request.manifest_folder = std::filesystem::path(file).parent_path().string();
    const Proposal proposal = session.actions.propose(request, session.supervision);
    write_whole_file(file, proposal.manifest, [&] {
        print_before_files(session, [&] {
            if (session.json())
                session.out() << proposal.json();
            else if (!session.quiet())
                session.out() << proposal.text() << file << ": "
                              << (proposal.missing.empty() ? "a manifest that composes\n" : "to be completed\n");
        });
    });
    if (proposal.missing.empty()) return 0;
    std::string roles;
    for (const std::string& role : proposal.missing) roles.append(roles.empty() ? "" : ", ").append(role);
    write_error(session.surroundings, Error(ErrorCode::artifact, "parts of a card are missing in " + request.folder,
                                            roles, {}, "get them and complete " + file));
    return static_cast<int>(ErrorCode::artifact);
}

}  // namespace

Command init_command() {
    return {
        .name = "init",
        .operands = "FOLDER",
        .summary = "write a manifest of what a folder holds",
        .story =
            "Looks at the files of a folder: what a Yocto or Buildroot build deployed, Debian's files, downloads. Each "
            "is told by its "
            "content. The manifest names those that a card needs, with comments and SHA-256 digests; what is missing "
            "is said, with where "
            "people get it, and then the exit status is 4. A manifest that is there stays.\n",
        .examples =
            "  rpixen-img init build/tmp/deploy/images/raspberrypi4-64\n"
            "  rpixen-img init ~/Downloads -o card/manifest.json\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"output", 'o', "FILE", "the manifest to write (manifest.json)"}},
        .run = run,
    };
}

}  // namespace rpixen::cli
