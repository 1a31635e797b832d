#include "release/imager_entry.hpp"

#include <nlohmann/json.hpp>

#include "release/package_url.hpp"
#include "release/release_time.hpp"

namespace rpixen {
namespace {

/// "Xen 4.17.5, Linux 6.1.0-37-arm64, Debian GNU/Linux 12 (bookworm)".
std::string description_of(const ReleaseFacts& facts) {
    std::string text;
    const auto add = [&](const std::string& words) {
        if (!words.empty()) text += (text.empty() ? "" : ", ") + words;
    };
    for (const ReportArtifact& artifact : facts.card.artifacts) {
        if (artifact.role == "xen") add(artifact.version);
        if (artifact.role == "kernel" && !artifact.version.empty()) add("Linux " + artifact.version);
    }
    add(facts.distribution.name);
    return text.empty() ? "Xen and its dom0" : text;
}

/// Where a file of the release will lie.
std::string url_of(const ReleaseFacts& facts, const std::string& file) {
    return facts.url.empty() ? file : facts.url + percent_encoded(file);
}

}  // namespace

std::string imager_entry_json(const ReleaseFacts& facts) {
    using Json = nlohmann::ordered_json;
    const Json entry{{"name", facts.name},
                     {"description", description_of(facts)},
                     {"icon", "icons/use_custom.png"},  // which rpi-imager brings
                     {"url", url_of(facts, facts.download.name)},
                     {"extract_size", facts.image.size},
                     {"extract_sha256", facts.image.sha256},
                     {"image_download_size", facts.download.size},
                     {"image_download_sha256", facts.download.sha256},
                     {"release_date", rfc3339_date(facts.card.time)},
                     {"devices", Json::array({"pi4-64bit"})},
                     {"architecture", "armv8"},
                     {"init_format", "none"},  // nothing on the card reads what the others would write
                     {"bmap_url", url_of(facts, facts.block_map)}};
    return Json{{"os_list", Json::array({entry})}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rpixen
