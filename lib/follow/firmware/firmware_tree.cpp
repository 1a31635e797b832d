#include "follow/firmware/firmware_tree.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "devicetree/overlay.hpp"
#include "follow/boot_files.hpp"

namespace rpixen {
namespace {

constexpr const char* name_for_messages = "the firmware's device tree";
constexpr std::uint64_t largest_tree = 4 * MiB;
constexpr std::uint64_t largest_command_line = 64 * KiB;

/// Nothing where the bytes are no device tree.
std::optional<DeviceTree> parse(const Content& content, const std::string& name) {
    if (content.size == 0 || content.size > largest_tree || !content.source) return std::nullopt;
    try {
        return DeviceTree::parse(read_all(content), name);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
        return std::nullopt;
    }
}

/// Applies one overlay, or says why not.
OverlayFacts apply(DeviceTree& base, const std::string& file, const Content& content) {
    OverlayFacts facts;
    facts.file = file;
    facts.size = content.size;
    const auto overlay = parse(content, file);
    facts.valid = overlay.has_value();
    facts.is_overlay = overlay && overlay->is_overlay();
    if (!facts.is_overlay) return facts;
    try {
        base = merge(base, *overlay, file);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io || error.code() == ErrorCode::internal) throw;
        facts.failure = error.problems().front().message;
    }
    return facts;
}

/// The first line of cmdline.txt, or of what cmdline= names.
std::optional<std::string> command_line(const FileTree& boot, const FirmwareFacts& firmware) {
    const std::string file = with_os_prefix(boot, firmware, config_value(firmware, "cmdline").value_or("cmdline.txt"));
    if (!find_boot_file(boot, file)) return std::nullopt;
    const Bytes bytes = read_boot_file(boot, file, largest_command_line);
    const std::string_view text = as_text(bytes);
    return std::string(text.substr(0, text.find_first_of(std::string_view("\r\n\0", 3))));
}

}  // namespace

std::string with_os_prefix(const FileTree& boot, const FirmwareFacts& firmware, const std::string& path) {
    const std::string prefixed = config_value(firmware, "os_prefix").value_or("") + path;
    return find_boot_file(boot, prefixed) ? prefixed : path;
}

FirmwareTree firmware_tree(const FileTree& boot, const FirmwareFacts& firmware) {
    const BoardModel& board = firmware.board ? *firmware.board : raspberry_pi_4b();
    FirmwareTree result;
    const std::string file = with_os_prefix(boot, firmware,
                                            config_value(firmware, "device_tree").value_or(std::string(board.tree)));
    result.content = find_boot_file(boot, file);
    if (!result.content) return result;
    std::optional<DeviceTree> tree = parse(*result.content, file);
    if (!tree) return result;
    bool changed = false;
    const std::string folder = config_value(firmware, "overlay_prefix").value_or("overlays/");
    for (const std::string& value : config_values(firmware, "dtoverlay")) {
        const std::string name = value.substr(0, value.find_first_of(",:"));
        const std::string path = with_os_prefix(boot, firmware, folder + name + ".dtbo");
        const auto content = name.empty() ? std::nullopt : find_boot_file(boot, path);
        if (!content) continue;  // a rule says so
        result.overlays.push_back(apply(*tree, path, *content));
        changed = true;
    }
    if (const auto line = command_line(boot, firmware)) {
        tree->add_node("/", "chosen");
        tree->set_string("/chosen", "bootargs", *line);
        changed = true;
    }
    if (changed) result.content = memory_content(tree->bytes(), name_for_messages);
    return result;
}

}  // namespace rpixen
