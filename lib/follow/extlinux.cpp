#include "follow/extlinux.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace rpixen {
namespace {

/// So that the shell takes every letter of a path for itself, also when it reads the command a second time.
std::string escaped(std::string_view path) {
    std::string text;
    for (const char letter : path) {
        const auto code = static_cast<unsigned char>(letter);
        const bool plain = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
                           (code >= '0' && code <= '9') || code >= 0x80 ||
                           std::string_view("/._-+,").find(letter) != std::string_view::npos;
        if (!plain) text += '\\';
        text += code < ' ' ? '?' : letter;
    }
    return text;
}

void set_key(ExtlinuxEntry& entry, const std::string& key, const std::string& value) {
    if (key == "linux" || key == "kernel") entry.kernel = value;
    if (key == "initrd") entry.initrd = value;
    if (key == "fdt" || key == "devicetree") entry.tree = value;
    if (key == "fdtdir" || key == "devicetreedir") entry.tree_dir = value;
    if (key == "fdtoverlays" || key == "devicetreeoverlays") entry.overlays = value;
    if (key == "append") entry.arguments = value;
}

}  // namespace

std::optional<ExtlinuxEntry> default_entry(std::string_view text) {
    std::vector<ExtlinuxEntry> entries;
    std::string chosen;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t split = std::min(line.find_first_of(" \t"), line.size());
        const std::string key = lower_case(line.substr(0, split));
        const std::string value(trimmed(line.substr(split)));
        if (key == "label") {
            entries.emplace_back().label = value;
        } else if (key == "default") {
            chosen = value;
        } else if (key == "menu" && lower_case(value) == "default" && !entries.empty()) {
            chosen = entries.back().label;
        } else if (!entries.empty() && !key.starts_with('#')) {
            set_key(entries.back(), key, value);
        }
    }
    std::erase_if(entries, [](const ExtlinuxEntry& entry) { return entry.kernel.empty(); });
    if (entries.empty()) return std::nullopt;
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const ExtlinuxEntry& entry) { return entry.label == chosen; });
    return found == entries.end() ? entries.front() : *found;
}

UBootScriptText extlinux_script(const ExtlinuxEntry& entry, const std::string& file, const std::string& folder,
                                UBootStart& start) {
    auto& environment = start.environment;
    if (entry.arguments) environment["bootargs"] = *entry.arguments;
    std::string text;
    const auto load = [&](const char* address, const std::string& path) {
        const std::string whole = path.starts_with('/') ? path : folder + "/" + path;
        text += "load ${devtype} ${devnum}:${distro_bootpart} ${" + std::string(address) + "} " +
                escaped(escaped(whole)) + " && ";
    };
    std::string initrd = "-";
    if (!entry.initrd.empty()) {
        load("ramdisk_addr_r", entry.initrd);
        text += "initrd_size=${filesize} && ";
        initrd = "${ramdisk_addr_r}:${initrd_size}";
    }
    load("kernel_addr_r", entry.kernel);
    const std::string fdtfile = environment.contains("fdtfile") ? environment.at("fdtfile")
                                                                : "broadcom/" + std::string(start.board->tree);
    const std::string tree = !entry.tree.empty()       ? entry.tree
                             : !entry.tree_dir.empty() ? entry.tree_dir + "/" + fdtfile
                                                       : std::string();
    const std::string tree_address = tree.empty() ? "${fdt_addr}" : "${fdt_addr_r}";
    if (!tree.empty()) load("fdt_addr_r", tree);
    text += "fdt addr " + tree_address + " && ";
    // Without the variable U-Boot says "Invalid fdtoverlay_addr_r for loading overlays" and goes on.
    if (environment.contains("fdtoverlay_addr_r")) {
        for (std::size_t begin = 0; begin < entry.overlays.size();) {
            const std::size_t end = std::min(entry.overlays.find_first_of(" \t", begin), entry.overlays.size());
            if (end > begin) {
                text += "fdt resize 0x2000 && ";  // fdt_shrink_to_minimum(working_fdt, 8192)
                load("fdtoverlay_addr_r", entry.overlays.substr(begin, end - begin));
                text += "fdt apply ${fdtoverlay_addr_r} && ";
            }
            begin = end + 1;
        }
    }
    text += "booti ${kernel_addr_r} " + initrd + " " + tree_address;
    return {file, text};
}

}  // namespace rpixen
