#pragma once

#include <optional>
#include <string>

#include "follow/uboot/uboot_shell.hpp"
#include "rules/scenario.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// The file of armstub= where that is a UEFI firmware (EDK2), which needs no kernel=; empty where it is not.
/// Throws Error{io}.
std::string uefi_firmware(const FileTree& boot, const FirmwareFacts& firmware);

/// What the GPU firmware leaves in memory when it starts Xen itself, in the words of a U-Boot that ran booti:
/// Xen from `file` at kernel_address=, what stands behind it in the same file (dom0's kernel), initramfs= and
/// the device tree. Throws Error{io}.
UBootRun start_by_firmware(const FileTree& boot, const FirmwareFacts& firmware, const std::string& file,
                           const Content& content, const std::optional<Content>& tree);

}  // namespace rpixen
