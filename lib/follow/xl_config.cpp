#include "follow/xl_config.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/size.hpp"
#include "base/text.hpp"
#include "follow/survey_root.hpp"

namespace rpixen {
namespace {

constexpr std::size_t largest_config = 64 * KiB;
constexpr std::size_t most_guests = 64;

bool is_word(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_' || letter == '.' || letter == '-';
}

/// The next token: '=', '[', ']', a line's end as "\n", a word, or a string with its first quote. Empty at the end.
std::string next_token(std::string_view& text) {
    while (!text.empty()) {
        const char letter = text.front();
        if (letter == '#') {
            text.remove_prefix(std::min(text.find('\n'), text.size()));
        } else if (letter == '\'' || letter == '"') {
            const std::size_t end = std::min(text.find_first_of(letter == '"' ? "\"\n" : "'\n", 1), text.size());
            std::string token(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
            return token;
        } else if (is_word(letter)) {
            std::size_t end = 0;
            while (end < text.size() && is_word(text[end])) ++end;
            std::string token(text.substr(0, end));
            text.remove_prefix(end);
            return token;
        } else {
            text.remove_prefix(1);
            if (letter == ';') return "\n";
            if (letter == '=' || letter == '[' || letter == ']' || letter == '\n') return std::string(1, letter);
        }
    }
    return {};
}

std::string unquoted(std::string token) {
    if (token.starts_with('\'') || token.starts_with('"')) token.erase(0, 1);
    return token;
}

/// Keys with their values; one that stands twice has its last.
std::map<std::string, std::vector<std::string>> read_settings(std::string_view text) {
    std::map<std::string, std::vector<std::string>> settings;
    std::string token = next_token(text);
    while (!token.empty()) {
        const std::string key = token;
        token = next_token(text);
        if (token != "=") continue;
        std::vector<std::string>& values = settings[key];
        values.clear();
        token = next_token(text);
        const bool list = token == "[";
        if (list) token = next_token(text);
        while (!token.empty() && (list ? token != "]" : token != "\n")) {
            if (token != "\n") values.push_back(unquoted(token));
            token = next_token(text);
        }
        token = next_token(text);
    }
    return settings;
}

/// "/path,raw,xvda,rw", "phy:/dev/x,xvda,w", "format=raw, vdev=xvda, target=/path" (xl-disk-configuration(5)).
std::string file_of_disk(std::string_view disk) {
    if (const std::size_t target = disk.find("target="); target != std::string_view::npos)
        return std::string(trimmed(disk.substr(target + 7)));
    std::string_view path = disk.substr(0, disk.find(','));
    for (const std::string_view prefix : {"file:", "tap:aio:"})
        if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
    return std::string(trimmed(path));
}

/// "db" of "/etc/xen/auto/db.cfg".
std::string name_of_file(std::string_view path) {
    path.remove_prefix(path.rfind('/') + 1);
    if (path.ends_with(".cfg")) path.remove_suffix(4);
    return std::string(path);
}

void add_files(const std::vector<std::string>& paths, XlGuestFacts& guest) {
    for (const std::string& path : paths)
        if (path.starts_with('/') && !path.starts_with("/dev/")) guest.files.push_back(path);
}

}  // namespace

XlGuestFacts parse_xl_config(std::string_view text) {
    const auto settings = read_settings(text);
    const auto values = [&](const char* key) {
        const auto found = settings.find(key);
        return found == settings.end() ? std::vector<std::string>() : found->second;
    };
    XlGuestFacts guest;
    if (const auto name = values("name"); !name.empty()) guest.name = name.front();
    const auto number = [&](const char* key) -> std::optional<std::uint64_t> {
        const auto given = values(key);
        std::uint64_t value = 0;
        if (given.size() != 1) return std::nullopt;
        const std::string& digits = given.front();
        const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (failure != std::errc{} || end != digits.data() + digits.size() || value > (1U << 30U)) return std::nullopt;
        return value;
    };
    if (const auto memory = number("memory")) guest.memory = *memory * MiB;
    guest.vcpus = number("vcpus").value_or(1);
    add_files(values("kernel"), guest);
    add_files(values("ramdisk"), guest);
    for (const std::string& disk : values("disk")) {
        const std::string file = file_of_disk(disk);
        add_files({file}, guest);
        guest.disks = true;
        guest.disk_files = guest.disk_files || (file.starts_with('/') && !file.starts_with("/dev/"));
    }
    guest.interfaces = !values("vif").empty();
    return guest;
}

std::vector<XlGuestFacts> survey_xl_guests(const FileTree& root) {
    std::vector<XlGuestFacts> guests;
    const auto folder = follow(root, "/etc/xen/auto");
    if (!folder || root.type(*folder) != NodeType::directory) return guests;
    for (const EntryId entry : root.children(*folder)) {
        if (guests.size() == most_guests) break;
        const std::string path = "/etc/xen/auto/" + std::string(root.entry_name(entry));
        XlGuestFacts guest = parse_xl_config(read_text(root, path, largest_config));
        guest.config = path;
        if (guest.name.empty()) guest.name = name_of_file(path);
        std::erase_if(guest.files, [&](const std::string& file) { return follow(root, file).has_value(); });
        guests.push_back(std::move(guest));
    }
    return guests;
}

}  // namespace rpixen
