#include "follow/efi/xen_config.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace rpixen {
namespace {

using Section = std::map<std::string, std::string>;

std::string value(const Section& section, const std::string& key) {
    const auto found = section.find(key);
    return found == section.end() ? std::string() : found->second;
}

/// "Image console=hvc0" to its two parts.
std::string first_word(std::string_view text) {
    return std::string(text.substr(0, text.find_first_of(" \t")));
}
std::string behind_first_word(std::string_view text) {
    const std::size_t end = text.find_first_of(" \t");
    return end == std::string_view::npos ? std::string() : std::string(trimmed(text.substr(end)));
}

}  // namespace

XenConfig parse_xen_config(std::string_view text) {
    std::map<std::string, Section> sections;
    std::string current;
    std::string first;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty() || line.front() == '#' || line.front() == ';') continue;
        if (line.front() == '[') {
            current = line.substr(1, line.find(']') - 1);
            if (first.empty() && current != "global") first = current;
            continue;
        }
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        sections[current].emplace(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
    }
    XenConfig config;
    config.section = value(sections["global"], "default");
    if (config.section.empty()) config.section = first;
    // What the section lacks is taken from [global].
    const auto get = [&](const char* key) {
        const std::string own = value(sections[config.section], key);
        return own.empty() ? value(sections["global"], key) : own;
    };
    config.options = get("options");
    config.kernel = first_word(get("kernel"));
    config.kernel_arguments = behind_first_word(get("kernel"));
    config.ramdisk = first_word(get("ramdisk"));
    config.xsm = first_word(get("xsm"));
    config.tree = first_word(get("dtb"));
    return config;
}

std::vector<std::string> xen_config_names(const std::string& program) {
    std::vector<std::string> names;
    std::string stem = program.substr(program.rfind('/') + 1);
    while (true) {
        const std::size_t end = stem.find_last_of(".-_");
        if (end == std::string::npos || end == 0) break;
        stem.resize(end);
        names.push_back(stem + ".cfg");
    }
    names.emplace_back("xen.cfg");
    return names;
}

}  // namespace rpixen
