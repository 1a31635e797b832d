#include <array>
#include <utility>

#include "base/printable.hpp"
#include "base/text.hpp"
#include "release/packages/installed_packages.hpp"
#include "tree/tree_files.hpp"

namespace rpixen {
namespace {

constexpr std::size_t largest_file = 64 * KiB;
constexpr std::size_t longest_value = 256;

/// What a shell takes a value for (os-release(5) allows no more of its grammar): quotes off, what a backslash stands
/// before as it is.
std::string unquoted(std::string_view value) {
    value = trimmed(value);
    const char quote = !value.empty() && (value[0] == '"' || value[0] == '\'') ? value[0] : '\0';
    if (quote != '\0') value.remove_prefix(1);
    std::string text;
    for (std::size_t at = 0; at < value.size() && value[at] != quote; ++at) {
        if (value[at] == '\\' && quote != '\'' && at + 1 < value.size()) ++at;
        text += value[at];
    }
    return text.size() > longest_value ? std::string() : printable(text);
}

}  // namespace

Distribution distribution_of(const FileTree& root) {
    std::string text = read_text(root, "/etc/os-release", largest_file);
    if (text.empty()) text = read_text(root, "/usr/lib/os-release", largest_file);
    Distribution distribution;
    constexpr std::array<std::pair<std::string_view, std::string Distribution::*>, 3> keys{
        {{"ID", &Distribution::id}, {"VERSION_ID", &Distribution::version}, {"PRETTY_NAME", &Distribution::name}}};
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        for (const auto& [key, member] : keys)
            if (trimmed(line.substr(0, equals)) == key) distribution.*member = unquoted(line.substr(equals + 1));
    }
    return distribution;
}

}  // namespace rpixen
