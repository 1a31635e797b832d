#include "format/uboot_script.hpp"

#include <algorithm>

#include "check/boot_files.hpp"
#include "check/boot_script.hpp"
#include "check/extlinux.hpp"
#include "format/uboot_env.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_script = 4 * MiB;
constexpr std::uint64_t largest_environment = 1 * MiB;

}  // namespace

std::optional<FoundScript> find_script(const FileTree& boot) {
    for (const char* name : {"boot.scr.uimg", "boot.scr", "boot/boot.scr.uimg", "boot/boot.scr"}) {
        const auto content = find_boot_file(boot, name);
        if (!content) continue;
        const Bytes bytes = read_boot_file(boot, name, largest_script);
        FoundScript found;
        found.facts.file = name;
        found.facts.size = content->size;
        const auto script = parse_uboot_script(bytes);
        found.facts.header_right = script && script->intact();
        found.facts.text = script && !script->texts.empty() ? script->texts.front()
                           : script                         ? ""
                                                            : std::string(as_text(bytes));
        found.runs = *found.facts.header_right;
        return found;
    }
    for (const char* name : {"boot.cmd", "boot/boot.cmd", "boot.txt"}) {
        const auto content = find_boot_file(boot, name);
        if (!content) continue;
        FoundScript found;
        found.facts.file = name;
        found.facts.size = content->size;
        found.facts.text = std::string(as_text(read_boot_file(boot, name, largest_script)));
        return found;
    }
    return std::nullopt;
}

std::optional<FoundScript> find_extlinux(const FileTree& boot, UBootStart& start,
                                         std::vector<std::string>& notes) {
    for (const char* folder : {"extlinux", "boot/extlinux"}) {
        const std::string file = std::string(folder) + "/extlinux.conf";
        const auto content = find_boot_file(boot, file);
        if (!content) continue;
        FoundScript found;
        found.facts.file = file;
        found.facts.size = content->size;
        found.facts.text = std::string(as_text(read_boot_file(boot, file, largest_script)));
        const auto entry = default_entry(found.facts.text);
        if (!entry) {
            notes.push_back(file + " names no kernel, so U-Boot goes on to boot.scr");
            return std::nullopt;
        }
        start.boot_script = extlinux_script(*entry, file, std::string("/") + folder, start);
        if (!entry->overlays.empty() && !start.environment.contains("fdtoverlay_addr_r"))
            notes.push_back(file +
                            ": fdtoverlays does nothing, because this U-Boot has no fdtoverlay_addr_r");
        return found;
    }
    return std::nullopt;
}

std::optional<SavedEnvironmentFacts> saved_environment(const FileTree& boot) {
    const auto content = find_boot_file(boot, "uboot.env");
    if (!content) return std::nullopt;
    SavedEnvironmentFacts facts;
    facts.size = content->size;
    const auto environment = parse_uboot_env(read_boot_file(boot, "uboot.env", largest_environment));
    facts.crc_right = environment && environment->crc_matches;
    if (environment)
        for (const auto& [name, value] : environment->variables) facts.variables[name] = value;
    return facts;
}

std::string last_failure(const std::vector<UBootStep>& steps) {
    const auto counts = [](const UBootStep& step) {
        return !step.succeeded && step.text != "false" && !step.text.starts_with("run ") &&
               !step.text.starts_with("env run ");
    };
    const auto failed = std::find_if(steps.rbegin(), steps.rend(), counts);
    if (failed == steps.rend()) return {};
    std::string text = "failed: " + failed->text + " (" + failed->place + ")";
    const auto said = std::find_if(failed.base(), steps.end(),
                                   [](const UBootStep& step) { return step.text.starts_with("echo "); });
    if (said != steps.end()) text += "; it says: " + said->text.substr(5);
    return text;
}

}  // namespace rpixen
