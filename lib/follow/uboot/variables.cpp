#include <algorithm>

#include "follow/uboot/shell.hpp"
#include "format/uboot_script.hpp"

namespace rpixen {

int Shell::set_variable(Words words) {
    while (!words.empty() && words[0].starts_with("-")) {
        if (words[0].find_first_not_of('f', 1) != std::string::npos) {
            if (words[0] == "-e") unfollowed(run_.steps.back().text, place_);
            return 1;
        }
        words.erase(words.begin());
    }
    if (words.empty()) return 1;
    if (words[0].find('=') != std::string::npos) {
        say(std::string("## Error: illegal character '='") + (newer(202304) ? " " : "") + "in variable name \"" +
            words[0] + "\"");
        return 1;
    }
    if (words.size() == 1) {
        erase(words[0]);
        return 0;
    }
    std::string text;
    for (std::size_t index = 1; index < words.size(); ++index) text += (index > 1 ? " " : "") + words[index];
    set(words[0], std::move(text));
    return 0;
}

int Shell::print_variables(const Words& names) {
    int missing = 0;
    for (const std::string& name : names) {
        if (run_.environment.contains(name)) {
            say(name + "=" + value(name));
        } else {
            say_undefined(name);
            missing = 1;
        }
    }
    return missing;
}

int Shell::env(const Words& words, const hush::Step& written) {
    if (words.size() < 2) return 1;
    const std::string& verb = words[1];
    const Words rest(words.begin() + 2, words.end());
    if (verb == "set") return set_variable(rest);
    if (verb == "print") return print_variables(rest);
    if (verb == "run") return run_variables(rest, written);
    if (verb == "exists") return !rest.empty() && run_.environment.contains(rest[0]) ? 0 : 1;
    if (verb == "delete") {
        int status = rest.empty() ? 1 : 0;
        for (const std::string& name : rest) {
            if (name.starts_with("-")) continue;
            if (!run_.environment.contains(name)) status = 1;
            erase(name);
        }
        return status;
    }
    if (verb == "import") return import(words, written);
    if (verb == "export") return export_text(words, written);
    if (verb == "save" || verb == "info" || verb == "select" || verb == "flags" || verb == "grep") return 0;
    if (verb == "default") {
        // The default environment of an unknown U-Boot is not at hand, so what a script set stays.
        unfollowed(run_.steps.back().text, where(written));
        return 0;
    }
    if (is_any(verb, {"ask", "edit", "erase", "load", "indirect"})) unfollowed(run_.steps.back().text, where(written));
    return 1;
}

int Shell::run_variables(const Words& names, const hush::Step& written) {
    if (names.empty()) return 1;
    for (const std::string& name : names) {
        if (is_any(name, {"distro_bootcmd", "scan_dev_for_scripts", "boot_a_script", "bootcmd_mmc0", "bootcmd_mmc1"}) &&
            start_.boot_script) {
            if (const int status = standard_boot(written); status != 0) return status;
            continue;
        }
        const auto found = run_.environment.find(name);
        if (found == run_.environment.end()) {
            say_undefined(name);
            return 1;
        }
        const std::string script = found->second;
        if (const int status = text({name, script}, "in " + name, hush::Reading::whole); status != 0) return status;
        if (ended()) return last_;
    }
    return 0;
}

int Shell::standard_boot(const hush::Step& written) {
    if (!start_.boot_script || standard_boot_done_) {
        if (!start_.boot_script) unfollowed("U-Boot's standard boot, without a boot.scr", where(written));
        return 1;
    }
    standard_boot_done_ = true;
    return text(*start_.boot_script, "");
}

int Shell::source(const Words& words, const hush::Step& written) {
    std::string address = words.size() > 1 ? words[1] : value("loadaddr");
    address = address.substr(0, address.find_first_of(":#"));
    MemoryObject* object = run_.memory.find(parse_hex(address));
    if (!object) {
        say("Wrong image format for \"source\" command");
        unfollowed(run_.steps.back().text, where(written));
        return 1;
    }
    if (!object->content.source || object->content.size > largest_text) {
        unfollowed(run_.steps.back().text, where(written));
        return 1;
    }
    object->last_use = count();
    const std::string file = object->file;
    if (!work(object->content.size)) return 1;
    const auto script = parse_uboot_script(read_all(object->content));
    if (!script || !script->intact() || script->texts.empty()) {
        say("Wrong image format for \"source\" command");
        return 1;
    }
    return text({file, script->texts.front()}, "in " + file);
}

}  // namespace rpixen
