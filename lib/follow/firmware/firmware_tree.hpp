#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/scenario.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// What the GPU firmware hands to the program that it starts.
struct FirmwareTree {
    std::optional<Content> content;      ///< nothing where the card has no device tree for the board
    std::vector<OverlayFacts> overlays;  ///< of dtoverlay=, as far as their files are there
};

/// The board's device tree with each dtoverlay= applied and cmdline.txt in /chosen/bootargs (Raspberry Pi
/// documentation, "Device Trees, overlays, and parameters"). An overlay that cannot be applied is left out, as
/// the firmware leaves it out. Parameters of overlays and dtparam= are not looked at. Throws Error{io}.
FirmwareTree firmware_tree(const FileTree& boot, const FirmwareFacts& firmware);

/// A path of config.txt, seen from os_prefix= where the file is there, else from the root.
std::string with_os_prefix(const FileTree& boot, const FirmwareFacts& firmware, const std::string& path);

}  // namespace rpixen
