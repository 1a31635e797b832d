#include "release/page.hpp"

#include "base/markup.hpp"
#include "base/readable.hpp"
#include "release/html.hpp"
#include "release/page_sections.hpp"
#include "report/picture.hpp"

extern "C" {
// cmake/RpixenEmbed.cmake: the bytes of page.html and page.css.
extern const char rpixen_embedded_release_page[];
extern const unsigned long rpixen_embedded_release_page_size;
extern const char rpixen_embedded_release_style[];
extern const unsigned long rpixen_embedded_release_style_size;
}

namespace rpixen {
namespace {

std::string packed(const ReleaseFacts& facts) {
    return facts.download.name == facts.image.name ? "" : " (" + rounded_size(facts.image.size) + " unpacked)";
}

}  // namespace

std::string release_page(const ReleaseFacts& facts) {
    const Report& card = facts.card;
    const auto word = [](const std::string& name) { return escape_markup(shell_word(name)); };
    const Slots slots{
        {"style", std::string(rpixen_embedded_release_style, rpixen_embedded_release_style_size)},
        {"picture_style", std::string(picture_style())},
        {"picture_definitions", std::string(picture_definitions())},
        {"name", escape_markup(facts.name)},
        {"tool_version", escape_markup(facts.tool_version)},
        {"lead", page::lead(facts)},
        {"verdict", page::verdict(card)},
        {"facts", page::facts(facts)},
        {"download", file_link(facts.url, facts.download.name)},
        {"download_name", escape_markup(facts.download.name)},
        {"download_word", word(facts.download.name)},
        {"download_size", rounded_size(facts.download.size)},
        {"download_sha256", escape_markup(facts.download.sha256)},
        {"packed", packed(facts)},
        {"image_digest", page::image_digest(facts)},
        {"files", page::files(facts)},
        {"block_map_word", word(facts.block_map)},
        {"report_word", word(facts.name + std::string(report_suffix))},
        {"imager", page::imager(facts)},
        {"imager_command", page::imager_command(facts)},
        {"dd", page::dd_command(facts)},
        {"layout", page::layout(card)},
        {"memory", page::memory(card)},
        {"boards", page::boards(card)},
        {"scripts", page::scripts(card)},
        {"findings", page::findings(card)},
        {"notes", page::notes(card)},
        {"artifacts", page::artifacts(card)},
        {"manifest", page::manifest(facts)},
        {"packages", page::packages(facts)},
    };
    return fill_template({rpixen_embedded_release_page, rpixen_embedded_release_page_size}, slots);
}

}  // namespace rpixen
