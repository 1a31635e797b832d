#include "boot/config_txt.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rpixen {
namespace {

using namespace std::string_view_literals;

/// Raspberry Pi documentation, config.txt: "Boot options", "Device Tree options".
constexpr std::array ours{std::pair{"arm_64bit"sv, "1"sv}, std::pair{"kernel"sv, "u-boot.bin"sv},
                          std::pair{"enable_uart"sv, "1"sv}, std::pair{"enable_gic"sv, "1"sv}};

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

std::vector<ConfigLine> parse_config_txt(std::string_view text, const std::string& file) {
    std::vector<ConfigLine> lines;
    std::string section = "all";
    int number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view raw = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (raw.ends_with('\r')) raw.remove_suffix(1);
        ConfigLine line{file, ++number, std::string(raw), section, {}, {}};
        const std::string_view content = trim(raw);
        if (content.starts_with('[') && content.ends_with(']')) {
            section = content.substr(1, content.size() - 2);
            line.section = section;
        } else if (!content.empty() && !content.starts_with('#')) {
            // "initramfs FILE ADDRESS" and "include FILE" have a blank where others have '='.
            const std::size_t split = std::min(content.find_first_of("= "), content.size());
            line.key = content.substr(0, split);
            if (split < content.size()) line.value = trim(content.substr(split + 1));
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string render_config_txt(std::span<const std::string> user_lines) {
    std::string text = "# Written by rpixen-img. Further lines: \"config_txt\" of the manifest's \"boot\".\n";
    for (const auto& [key, value] : ours) text += std::string(key) + "=" + std::string(value) + "\n";
    std::vector<Problem> problems;
    for (const std::string& line : user_lines) {
        if (line.find('\n') != std::string::npos || line.find('\0') != std::string::npos) {
            problems.push_back({.message = "a line of config_txt holds a line break or NUL", .found = line});
            continue;
        }
        const auto parsed = parse_config_txt(line, "config.txt");
        const auto decided = parsed.empty() ? ours.end()
                                            : std::find_if(ours.begin(), ours.end(), [&](const auto& entry) {
                                                  return entry.first == parsed.front().key;
                                              });
        if (decided == ours.end()) {
            text += line + "\n";
        } else if (parsed.front().value != decided->second) {
            problems.push_back({.message = "a line of config_txt contradicts what Xen needs",
                                .found = line,
                                .allowed = std::string(decided->first) + "=" + std::string(decided->second),
                                .change = "remove the line"});
        }
    }
    if (!problems.empty()) throw Error(ErrorCode::unfit, std::move(problems));
    return text;
}

}  // namespace rpixen
