#include <algorithm>

#include "follow/uboot/shell.hpp"
#include "format/uboot_env.hpp"

// `env import` and `env export` (cmd/nvedit.c, lib/hashtable.c himport_r).

namespace rpixen {
namespace {

struct Assignment {
    std::string name;
    std::optional<std::string> value;  ///< nothing: the variable is deleted
};

/// Lines of name=value. A backslash takes the special meaning of what follows; "name=" and "name" delete.
std::vector<Assignment> assignments(std::string_view text) {
    std::vector<Assignment> found;
    for (std::size_t place = 0; place < text.size();) {
        while (place < text.size() && (text[place] == ' ' || text[place] == '\t')) ++place;
        if (place < text.size() && text[place] == '#') {
            place = std::min(text.find('\n', place), text.size());
            ++place;
            continue;
        }
        const std::size_t end = std::min(text.find_first_of("=\n", place), text.size());
        Assignment assignment;
        assignment.name = text.substr(place, end - place);
        const bool has_value = end < text.size() && text[end] == '=' && end + 1 < text.size() && text[end + 1] != '\n';
        place = end + 1;
        if (has_value) {
            std::string value;
            for (; place < text.size() && text[place] != '\n'; ++place) {
                if (text[place] == '\\' && place + 1 < text.size()) ++place;
                value += text[place];
            }
            assignment.value = std::move(value);
            ++place;
        } else if (end < text.size() && text[end] == '=') {
            ++place;
        }
        if (!assignment.name.empty()) found.push_back(std::move(assignment));
    }
    return found;
}

}  // namespace

int Shell::import(const Words& words, const hush::Step& written) {
    // env import [-d] [-t [-r] | -b | -c] addr [size] [var ...]
    std::string flags;
    std::size_t index = 2;
    for (; index < words.size() && words[index].starts_with("-") && words[index].size() > 1; ++index)
        flags += words[index].substr(1);
    const auto flag = [&](char letter) { return flags.find(letter) != std::string::npos; };
    if (index >= words.size() || flags.find_first_not_of("dtrbc") != std::string::npos) return 1;
    if (!flag('t') && !flag('b') && !flag('c')) say("## Warning: defaulting to text format");
    MemoryObject* object = run_.memory.find(parse_hex(words[index++]));
    if (!object || object->content.size > largest_text || !object->content.source) {
        unfollowed(run_.steps.back().text, where(written));
        return object ? 0 : 1;
    }
    object->last_use = count();
    if (!work(object->content.size)) return 1;
    std::uint64_t size = object->content.size;
    if (index < words.size() && words[index] != "-") size = std::min(size, parse_hex(words[index]));
    if (index < words.size()) ++index;
    const Words only(words.begin() + static_cast<std::ptrdiff_t>(index), words.end());

    const Bytes bytes = read_all(object->content);
    std::string text(as_text(bytes).substr(0, size));
    if (flag('c')) {
        const auto saved = parse_uboot_env(bytes);
        if (!saved || !saved->crc_matches) return 1;
        text.erase(0, std::min<std::size_t>(text.size(), 4));
    }
    if (flag('b') || flag('c')) {
        text.resize(std::min(text.find(std::string(2, '\0')), text.size()));
        std::replace(text.begin(), text.end(), '\0', '\n');
    } else {
        text.resize(std::min(text.find('\0'), text.size()));
        if (flag('r')) {
            for (std::size_t place = text.find("\r\n"); place != std::string::npos; place = text.find("\r\n", place))
                text.erase(place, 1);
        } else if (text.find("\r\n") != std::string::npos) {
            once(run_.carriage_returns, object->file + ", imported without -r (" + where(written) + ")");
        }
    }
    for (Assignment& assignment : assignments(text)) {
        if (!only.empty() && std::find(only.begin(), only.end(), assignment.name) == only.end()) continue;
        if (assignment.value)
            set(assignment.name, std::move(*assignment.value));
        else
            erase(assignment.name);
    }
    return 0;
}

int Shell::export_text(const Words& words, const hush::Step& written) {
    // env export [-t | -b | -c] [-s size] addr [var ...]
    std::size_t index = 2;
    bool as_text = false;
    for (; index < words.size() && words[index].starts_with("-"); ++index) {
        as_text = as_text || words[index] == "-t";
        if (words[index] == "-s") ++index;
    }
    if (index >= words.size()) return 1;
    if (!as_text) {
        unfollowed(run_.steps.back().text, where(written));
        return 0;
    }
    const std::uint64_t address = parse_hex(words[index++]);
    Words names(words.begin() + static_cast<std::ptrdiff_t>(index), words.end());
    std::string text;
    for (const auto& [name, value] : run_.environment) {
        if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) continue;
        text += name + "=";
        for (const char letter : value) {
            if (letter == '\n' || letter == '\\') text += '\\';
            text += letter;
        }
        text += '\n';
    }
    if (!work(text.size())) return 1;
    MemoryObject object;
    object.file = "the exported environment";
    object.address = address;
    object.size = text.size();
    object.content = memory_content(std::string_view(text), object.file);
    object.from = object.last_use = count();
    set("filesize", to_hex(text.size()));
    run_.memory.place(std::move(object));
    return 0;
}

}  // namespace rpixen
