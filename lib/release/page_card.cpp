#include <rpixen/diagnostic.hpp>

#include "base/markup.hpp"
#include "base/readable.hpp"
#include "base/size.hpp"
#include "release/html.hpp"
#include "release/page_sections.hpp"
#include "report/picture.hpp"

// What the card holds, what was found about it, and what it was made of.

namespace rpixen::page {
namespace {

/// One drawing for a screen and one for a phone, of which the style shows one.
template <typename Draw>
std::string figure(std::string_view title, const std::string& remark, Draw draw) {
    const auto picture = [&](const PictureForm& form, const std::string& kind) {
        return element("div", svg_of(draw(form), form, title), kind);
    };
    std::string caption = escape_markup(title);
    if (!remark.empty()) caption += " " + element("span", escape_markup(remark));
    return element(
               "figure",
               element("figcaption", caption) + "\n" +
                   element("div", picture(wide_picture, "of-screen") + picture(narrow_picture, "of-phone"), "frame")) +
           "\n";
}

/// "256 MiB": exact, and with a space before the unit.
std::string size_of(std::uint64_t bytes) {
    std::string text = format_size(bytes);
    const std::size_t unit = text.find_first_not_of("0123456789");
    if (unit != std::string::npos && text[unit] != ' ') text.insert(unit, " ");
    return text;
}

std::string term(std::string_view name, std::string_view value) {
    if (value.empty()) return {};
    return element("dt", escape_markup(name)) + element("dd", escape_markup(value)) + "\n";
}

std::string list(const std::vector<std::string>& lines) {
    std::string items;
    for (const std::string& line : lines) items += element("li", escape_markup(line)) + "\n";
    return element("ul", items, "list") + "\n";
}

/// The rule's own words; empty where there is none of that name.
std::string story_of(const std::string& id) {
    const DiagnosticRule* rule = find_diagnostic_rule(id);
    if (!rule) return {};
    return details("The long story", paragraph(std::string(rule->title) + ". " + std::string(rule->why)) +
                                         paragraphs(rule->story) +
                                         paragraph("Source: " + std::string(rule->source), "label"));
}

std::string finding(const Diagnostic& diagnostic) {
    const std::string severity = name_of(diagnostic.severity);
    const std::string terms = term("found", diagnostic.found) + term("allowed", diagnostic.allowed) +
                              term("why", diagnostic.why) + term("change", diagnostic.change);
    return "<article class=\"finding " + severity + "\">\n" +
           element("p", severity + " " + element("code", escape_markup(diagnostic.id)), "severity") +
           paragraph(diagnostic.message, "message") + (terms.empty() ? terms : element("dl", terms)) +
           story_of(diagnostic.id) + "</article>\n";
}

}  // namespace

std::string layout(const Report& card) {
    if (card.partitions.empty()) return {};
    std::string remark = size_of(card.size);
    if (card.table == "mbr" || card.table == "gpt") remark += card.table == "mbr" ? ", MBR" : ", GPT";
    if (!card.disk_signature.empty()) remark += ", disk signature " + card.disk_signature;
    return figure("Layout", remark, [&](const PictureForm& form) { return draw_layout(card, form); });
}

std::string memory(const Report& card) {
    if (draw_memory(card.memory, wide_picture).elements.empty()) return {};
    return figure("Memory when Xen is started", std::string(memory_legend()),
                  [&](const PictureForm& form) { return draw_memory(card.memory, form); });
}

std::string boards(const Report& card) {
    if (card.boards.empty()) return {};
    std::vector<std::vector<std::string>> rows;
    const bool guests = !card.domains.empty();
    for (const ReportBoard& board : card.boards) {
        rows.push_back({size_of(board.memory), size_of(board.dom0_mem), size_of(board.ceiling)});
        if (guests) rows.back().push_back(size_of(board.guests + board.xl_guests));
        rows.back().emplace_back(!board.starts                         ? "does not start"
                                 : board.xl_starts || !board.xl_guests ? "starts"
                                                                       : "starts, but not all guests");
    }
    std::vector<Column> columns{{"Board’s memory"}, {"For dom0"}, {"At most"}};
    if (guests) columns.push_back({"For guests"});
    columns.push_back({guests ? "dom0 and guests" : "dom0"});
    return element("h3", "Boards") + "\n" + element("div", table(columns, rows, "stack"), "scroll") + "\n";
}

std::string scripts(const Report& card) {
    std::string html;
    if (!card.config_txt.empty()) html += details("config.txt", listing(card.config_txt));
    if (!card.script.empty()) html += details("boot.scr: what U-Boot runs", listing(card.script));
    return html;
}

std::string findings(const Report& card) {
    if (card.diagnostics.empty() && card.not_followed.empty())
        return paragraph(
            "None. The boot was followed through the card’s own files, from the firmware to dom0’s root file system.");
    if (card.diagnostics.empty()) return paragraph("None, but the boot could not be followed to its end.");
    std::string html;
    for (const Diagnostic& diagnostic : card.diagnostics) html += finding(diagnostic);
    return html;
}

std::string notes(const Report& card) {
    const std::size_t count = card.notes.size();
    return count == 0 ? "" : details(std::to_string(count) + (count == 1 ? " note" : " notes"), list(card.notes));
}

std::string artifacts(const Report& card) {
    if (card.artifacts.empty()) return {};
    std::vector<std::vector<std::string>> rows;
    for (const ReportArtifact& artifact : card.artifacts) {
        std::string file = artifact.path;
        if (!artifact.packing.empty() && artifact.packing != "none") file += " (" + artifact.packing + ")";
        if (!artifact.name.empty() && artifact.name != "/" + artifact.path) file += " → " + artifact.name;
        rows.push_back({artifact.role, artifact.version, file, artifact.size == 0 ? "" : rounded_size(artifact.size),
                        artifact.sha256});
    }
    const std::vector<Column> columns{
        {"What", "word"}, {"Version"}, {"Input → on the card"}, {"Size", "right"}, {"SHA-256", "digest"}};
    return element("div", table(columns, rows, "stack"), "scroll") + "\n";
}

std::string manifest(const ReleaseFacts& facts) {
    if (facts.manifest.empty()) return {};
    std::string html = listing(facts.manifest);
    if (!facts.card.manifest_sha256.empty())
        html += paragraph("SHA-256 of the manifest", "label") + paragraph(facts.card.manifest_sha256, "digest");
    return details("The manifest", html);
}

std::string packages(const ReleaseFacts& facts) {
    const std::size_t count = facts.packages.size();
    const std::string unread = facts.package_notes.empty() ? "" : list(facts.package_notes);
    if (count == 0) return paragraph("The root file system has no package database that could be read.") + unread;
    std::vector<std::vector<std::string>> rows;
    rows.reserve(count);
    for (const InstalledPackage& package : facts.packages)
        rows.push_back({package.name, package.version, package.architecture, package.manager, package.licence});
    const std::string what = std::to_string(count) + (count == 1 ? " package is" : " packages are") +
                             " installed in the root file system, as its own database says.";
    return paragraph(what) + unread +
           details("List them", "<div class=\"scroll tall\" tabindex=\"0\">" +
                                    table({{"Package"}, {"Version"}, {"Architecture"}, {"Kind"}, {"Licence"}}, rows) +
                                    "</div>");
}

}  // namespace rpixen::page
