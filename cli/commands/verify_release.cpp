#include <rpixen/release.hpp>

#include "command.hpp"

namespace rpixen::cli {
namespace {

int run(const Session& session) {
    VerifyReleaseRequest request;
    request.folder = session.arguments.operands.at(0);
    request.key = session.arguments.value("key").value_or("");
    return print_verification(session, session.actions.verify_release(request, session.supervision));
}

}  // namespace

Command verify_release_command() {
    return {
        .name = "verify-release",
        .operands = "DIR",
        .summary = "prove that a release is what it says, without a network",
        .story =
            "Holds the signature against the key, every file against SHA256SUMS, the unpacked image against block map "
            "and\n"
            "report, and the provenance against them all. Each difference is listed; exits with 7 where there is "
            "one.\n",
        .examples = "  rpixen-img verify-release release --key card.pub\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"key", '\0', "FILE", "the public key: PEM, minisign's or signify's"}},
        .run = run,
    };
}

}  // namespace rpixen::cli
