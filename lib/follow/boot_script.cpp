#include "format/uboot_script.hpp"

#include <algorithm>

#include "follow/boot_files.hpp"
#include "follow/boot_script.hpp"
#include "follow/extlinux.hpp"
#include "format/uboot_env.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_script = 4 * MiB;
constexpr std::uint64_t largest_environment = 1 * MiB;

Bytes beginning_of(const Content& content, std::uint64_t most) {
    Bytes bytes(static_cast<std::size_t>(std::min(content.size, most)));
    if (!bytes.empty() && content.source) content.open()->read(0, bytes);
    return bytes;
}

}  // namespace

FoundScript read_script(const std::string& file, const Content& content) {
    const Bytes bytes = beginning_of(content, largest_script);
    FoundScript found;
    found.facts.file = file;
    found.facts.size = content.size;
    const auto script = parse_uboot_script(bytes);
    found.facts.header_right = script && script->intact();
    found.facts.text = script && !script->texts.empty() ? script->texts.front()
                       : script                         ? ""
                                                        : std::string(as_text(bytes));
    found.runs = *found.facts.header_right;
    found.text = {file, found.facts.text};
    return found;
}

std::optional<FoundScript> find_script_source(const FileTree& boot) {
    for (const char* name : {"boot.cmd", "boot/boot.cmd", "boot.txt"}) {
        const auto content = find_boot_file(boot, name);
        if (!content) continue;
        FoundScript found;
        found.facts.file = name;
        found.facts.size = content->size;
        found.facts.text = std::string(as_text(read_boot_file(boot, name, largest_script)));
        found.text = {name, found.facts.text};
        return found;
    }
    return std::nullopt;
}

std::optional<FoundScript> read_extlinux(const std::string& file, const Content& content, UBootStart& start,
                                         std::vector<std::string>& notes) {
    FoundScript found;
    found.facts.file = file;
    found.facts.size = content.size;
    found.facts.text = std::string(as_text(beginning_of(content, largest_script)));
    found.runs = true;
    const auto entry = default_entry(found.facts.text);
    if (!entry) {
        notes.push_back(file + " names no kernel, so U-Boot goes on to boot.scr");
        return std::nullopt;
    }
    found.text = extlinux_script(*entry, file, "/" + file.substr(0, file.rfind('/')), start);
    if (!entry->overlays.empty() && !start.environment.contains("fdtoverlay_addr_r"))
        notes.push_back(file + ": fdtoverlays does nothing, because this U-Boot has no fdtoverlay_addr_r");
    return found;
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
