#include <algorithm>

#include "check/shell.hpp"
#include "format/uboot_script.hpp"

namespace rpixen {

bool Shell::set_variable(Words words) {
    while (!words.empty() && words[0].starts_with("-") && words[0].size() == 2) words.erase(words.begin());
    if (words.empty()) return false;
    if (words.size() == 1) {
        run_.environment.erase(words[0]);
        return true;
    }
    std::string text;
    for (std::size_t index = 1; index < words.size(); ++index) text += (index > 1 ? " " : "") + words[index];
    set(words[0], std::move(text));
    return true;
}

bool Shell::env(const Words& words, const hush::Command& command) {
    if (words.size() < 2) return false;
    const std::string& verb = words[1];
    if (verb == "set") return set_variable({words.begin() + 2, words.end()});
    if (verb == "run") return run_variables({words.begin() + 2, words.end()}, command);
    if (verb == "exists") return words.size() > 2 && run_.environment.contains(words[2]);
    if (verb == "delete") {
        for (std::size_t index = 2; index < words.size(); ++index) run_.environment.erase(words[index]);
        return true;
    }
    if (verb == "import") return import(words, command);
    if (is_any(verb, {"print", "save", "default", "info", "flags", "select"})) return true;
    unfollowed(run_.steps.back().text, where(command));
    return true;
}

bool Shell::import(const Words& words, const hush::Command& command) {
    std::size_t index = 2;
    bool as_text = false;
    for (; index < words.size() && words[index].starts_with("-"); ++index)
        as_text = as_text || words[index].find('t') != std::string::npos;
    MemoryObject* object = index < words.size() ? run_.memory.find(parse_hex(words[index])) : nullptr;
    if (!object || !as_text || object->content.size > largest_text || !object->content.source) {
        unfollowed(run_.steps.back().text, where(command));
        return object != nullptr;
    }
    object->last_use = step();
    const Bytes bytes = read_all(object->content);
    std::string_view rest = rpixen::as_text(bytes);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const std::size_t equals = line.find('=');
        if (line.empty() || line[0] == '#' || equals == std::string_view::npos) continue;
        set(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
    }
    return true;
}

bool Shell::run_variables(const Words& names, const hush::Command& command) {
    for (const std::string& name : names) {
        if (is_any(name, {"distro_bootcmd", "scan_dev_for_scripts", "boot_a_script", "bootcmd_mmc0",
                          "bootcmd_mmc1"}) &&
            start_.boot_script) {
            if (!standard_boot(command)) return false;
            continue;
        }
        const auto found = run_.environment.find(name);
        if (found == run_.environment.end()) return false;
        const std::string script = found->second;
        if (!text({name, script}, "in " + name)) return false;
        if (ended()) return last_;
    }
    return true;
}

bool Shell::standard_boot(const hush::Command& command) {
    if (!start_.boot_script || standard_boot_done_) {
        if (!start_.boot_script) unfollowed("U-Boot's standard boot, without a boot.scr", where(command));
        return false;
    }
    standard_boot_done_ = true;
    const bool result = text(*start_.boot_script, "");
    exit_ = false;  // `exit` leaves the script, not the shell
    return result;
}

bool Shell::source(const Words& words, const hush::Command& command) {
    std::string address = words.size() > 1 ? words[1] : value("loadaddr");
    address = address.substr(0, address.find(':'));
    MemoryObject* object = run_.memory.find(parse_hex(address));
    if (!object || !object->content.source || object->content.size > largest_text) {
        unfollowed(run_.steps.back().text, where(command));
        return false;
    }
    object->last_use = step();
    const std::string file = object->file;
    const auto script = parse_uboot_script(read_all(object->content));
    if (!script || !script->intact() || script->texts.empty()) return false;
    const bool result = text({file, script->texts.front()}, "in " + file);
    exit_ = false;
    return result;
}

bool Shell::part(const Words& words, const hush::Command& command) {
    // part uuid mmc 0:2 name
    if (words[1] == "list") {
        if (words.size() > 4) set(words.back(), "1");
        return true;
    }
    if (words[1] == "uuid" && words.size() > 4 && start_.partition_uuid) {
        const std::size_t colon = words[3].find(':');
        const auto uuid = start_.partition_uuid(
            colon == std::string::npos ? 1 : static_cast<unsigned>(parse_hex(words[3].substr(colon + 1))));
        if (uuid) set(words[4], *uuid);
        return uuid.has_value();
    }
    unfollowed(run_.steps.back().text, where(command));
    return true;
}

bool Shell::set_expression(const Words& words, const hush::Command& command) {
    // setexpr name value [op value], all hexadecimal
    if (words.size() == 3) {
        set(words[1], words[2]);
        return true;
    }
    if (words.size() != 5 || words[2].starts_with("*") || words[4].starts_with("*")) {
        unfollowed(run_.steps.back().text, where(command));
        return true;
    }
    const std::uint64_t a = parse_hex(words[2]);
    const std::uint64_t b = parse_hex(words[4]);
    std::uint64_t result = 0;
    switch (words[3][0]) {
        case '+':
            result = a + b;
            break;
        case '-':
            result = a - b;
            break;
        case '*':
            result = a * b;
            break;
        case '/':
            result = b ? a / b : 0;
            break;
        case '%':
            result = b ? a % b : 0;
            break;
        case '&':
            result = a & b;
            break;
        case '|':
            result = a | b;
            break;
        case '^':
            result = a ^ b;
            break;
        default:
            unfollowed(run_.steps.back().text, where(command));
            return true;
    }
    set(words[1], to_hex(result));
    return true;
}

}  // namespace rpixen
