#include <rpixen/release.hpp>

#include "command.hpp"
#include "error_report.hpp"

namespace rpixen::cli {
namespace {

void print(const Session& session, const Release& release) {
    if (session.json()) {
        session.out() << release.json();
        return;
    }
    if (session.quiet()) return;
    if (!release.card.diagnostics.empty())
        session.surroundings.err << session.messages(diagnostics_text(release.card.diagnostics));
    for (const std::string& note : release.card.notes)
        session.surroundings.err << session.messages("note: " + note + '\n');
    session.out() << release.text();
}

int run(const Session& session) {
    ReleaseRequest request;
    fill_plan_request(session, request);
    request.folder = session.arguments.value("into").value_or("");
    request.compress = session.arguments.value("compress").value_or(request.compress);
    request.url = session.arguments.value("url").value_or("");
    request.builder = session.arguments.value("builder").value_or("");
    request.sign_key = session.arguments.value("sign-key").value_or("");
    request.sign_command = session.arguments.value("sign-command").value_or("");
    request.sync = !session.arguments.has("no-sync");
    request.deliver = [&session](const Release& release) {
        print_before_files(session, [&] { print(session, release); });
    };
    session.actions.release(request, session.supervision);
    return 0;
}

}  // namespace

Command release_command() {
    return {
        .name = "release",
        .operands = "MANIFEST",
        .summary = "write a folder with everything that people need to flash and trust a card",
        .story =
            "Composes the card and, from one reading of it, makes the compressed image, its block map, bills of "
            "materials\n"
            "(SPDX, CycloneDX), provenance (in-toto, SLSA), an entry for Raspberry Pi Imager, a page, a report for "
            "'verify'\n"
            "and SHA256SUMS. The folder appears whole or not at all; an earlier release of that name is replaced. "
            "The same\n"
            "inputs give the same bytes of every file. Keys are only read: --sign-key takes an Ed25519 key in PEM, "
            "the command\n"
            "of --sign-command is run by sh with the file to sign as \"$1\" and the signature's as \"$2\".\n",
        .examples =
            "  rpixen-img release manifest.json -d release\n"
            "  rpixen-img release manifest.json -d release --url https://example.org/cards/ --sign-key key.pem\n"
            "  rpixen-img release manifest.json -d release --sign-command 'minisign -S -s card.key -m \"$1\" -x "
            "\"$2\"'\n",
        .least_operands = 1,
        .most_operands = 1,
        .options = {{"into", 'd', "DIR", "the folder to make", false, "<folder>"},
                    {"compress", '\0', "FORM", "the image: zst (default), xz, gz or none", false, "zst xz gz none"},
                    {"url", '\0', "BASE", "where the files will be fetched from", false, ""},
                    {"builder", '\0', "URI", "who answers for this build, for the provenance", false, ""},
                    {"sign-key", '\0', "FILE", "sign with this Ed25519 key (PEM)"},
                    {"sign-command", '\0', "CMD", "sign with a command: \"$1\" is signed into \"$2\"", false, ""},
                    folder_option,
                    {"no-sync", '\0', {}, "do not wait until the disk has the files"},
                    allow_option,
                    deny_option},
        .run = run,
    };
}

}  // namespace rpixen::cli
