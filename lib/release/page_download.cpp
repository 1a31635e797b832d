#include <algorithm>
#include <array>

#include "base/markup.hpp"
#include "base/readable.hpp"
#include "release/html.hpp"
#include "release/page_sections.hpp"

// What the card is, and how it comes from the page onto a card.

namespace rpixen::page {
namespace {

const ReportArtifact* artifact(const Report& card, std::string_view role) {
    const auto found = std::find_if(card.artifacts.begin(), card.artifacts.end(),
                                    [&](const ReportArtifact& one) { return one.role == role; });
    return found == card.artifacts.end() ? nullptr : &*found;
}

std::string version_of(const Report& card, std::string_view role, const std::string& otherwise) {
    const ReportArtifact* found = artifact(card, role);
    return found && !found->version.empty() ? found->version : otherwise;
}

std::string fact(std::string_view term, std::string_view value) {
    if (value.empty()) return {};
    return element("div", element("dt", escape_markup(term)) + element("dd", escape_markup(value))) + "\n";
}

std::string counted(std::size_t number, const char* word) {
    return std::to_string(number) + " " + word + (number == 1 ? "" : "s");
}

/// What prints the unpacked image, by the end of the download's name; empty where it is not packed.
std::string_view unpacker(std::string_view name) {
    struct Row {
        std::string_view ending;
        std::string_view program;
    };
    static constexpr std::array<Row, 3> rows{{{".zst", "zstdcat"}, {".xz", "xzcat"}, {".gz", "zcat"}}};
    for (const Row& row : rows)
        if (name.ends_with(row.ending)) return row.program;
    return {};
}

}  // namespace

std::string lead(const ReleaseFacts& facts) {
    const std::string kernel = version_of(facts.card, "kernel", "");
    const std::string running = kernel.empty() ? "Linux" : "Linux " + kernel;
    const std::string& system = facts.distribution.name;
    const std::string dom0 = system.empty() ? running + " as dom0" : system + " as dom0, with " + running;
    return escape_markup(version_of(facts.card, "xen", "Xen") + " starts " + dom0 + ".");
}

std::string verdict(const Report& card) {
    const auto count = [&](Severity severity) {
        return static_cast<std::size_t>(std::count_if(card.diagnostics.begin(), card.diagnostics.end(),
                                                      [&](const Diagnostic& one) { return one.severity == severity; }));
    };
    const std::size_t errors = count(Severity::error);
    const std::size_t warnings = count(Severity::warning);
    std::string kind = "good";
    std::string text = "Nothing was found that keeps this card from booting";
    if (errors > 0) {
        kind = "error";
        text = counted(errors, "error") + ": released in spite of what would keep it from booting";
    } else if (!card.not_followed.empty()) {
        kind = "warning";
        text = "Whether this card boots is open: " + card.not_followed;
    } else if (warnings > 0) {
        kind = "warning";
        text += ", with " + counted(warnings, "warning");
    }
    return "<p class=\"verdict " + kind + "\">" + element("span", escape_markup(text)) + "</p>";
}

std::string facts(const ReleaseFacts& facts) {
    return fact("Download", rounded_size(facts.download.size)) +
           fact("Card", rounded_size(facts.image.size) + " or larger") +
           fact("Xen", version_of(facts.card, "xen", "")) +
           fact("dom0’s kernel", version_of(facts.card, "kernel", "")) +
           fact("U-Boot", version_of(facts.card, "uboot", "")) + fact("Time stamp", utc_time(facts.card.time) + " UTC");
}

std::string files(const ReleaseFacts& facts) {
    const auto row = [&](const std::string& name, std::string_view what) {
        return element("li", file_link(facts.url, name) + " " + element("span", escape_markup(what))) + "\n";
    };
    const auto named = [&](std::string_view suffix) { return facts.name + std::string(suffix); };
    return row("SHA256SUMS", "the digests of all files, in the form of sha256sum") +
           row(facts.block_map, "block map: which blocks of the card matter, for bmaptool and rpixen-img flash") +
           row(named(spdx_suffix), "bill of materials, SPDX 2.3") +
           row(named(cyclonedx_suffix), "bill of materials, CycloneDX 1.6") +
           row(named(statement_suffix), "provenance (SLSA v1, in-toto): from which inputs the image was composed") +
           row(named(imager_suffix), "entry for Raspberry Pi Imager") +
           row(named(report_suffix), "every file of the card with its digest, for rpixen-img verify");
}

std::string image_digest(const ReleaseFacts& facts) {
    if (facts.download.name == facts.image.name) return {};
    return paragraph("SHA-256 of " + facts.image.name + ", unpacked: what a flashed card begins with", "label") +
           paragraph(facts.image.sha256, "digest");
}

std::string imager(const ReleaseFacts& facts) {
    return "With windows and buttons: choose a Raspberry Pi 4, then <em>Use custom</em> and " +
           escape_markup(facts.download.name) + ", and skip its customisation" +
           (facts.url.empty() ? "." : ". Or let it fetch the image:");
}

std::string imager_command(const ReleaseFacts& facts) {
    if (facts.url.empty()) return {};
    const std::string command = "rpi-imager --repo " + shell_word(facts.url + facts.name + std::string(imager_suffix));
    return "<pre><code>" + escape_markup(command) + "</code></pre>";
}

std::string dd_command(const ReleaseFacts& facts) {
    const std::string word = shell_word(facts.download.name);
    const std::string_view program = unpacker(facts.download.name);
    const std::string options = "of=/dev/sdX bs=4M conv=fsync status=progress";
    if (program.empty()) return escape_markup("sudo dd if=" + word + " " + options);
    return escape_markup(std::string(program) + " " + word + " |\n    sudo dd iflag=fullblock " + options);
}

}  // namespace rpixen::page
