#pragma once

#include <optional>
#include <string>
#include <vector>

#include "follow/card_files.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// A file that an EFI boot loader brings into memory, where it likes.
struct EfiFile {
    std::string path;
    Content content;
    std::string arguments;
};

/// What an EFI program of the card starts, as far as its configuration tells: xen.efi with its .cfg, GRUB with
/// its grub.cfg, or an arm64 Image itself.
struct EfiBoot {
    std::string program;  ///< "EFI/BOOT/BOOTAA64.EFI"
    std::string config;   ///< what was followed: "EFI/BOOT/grub.cfg"; empty: nothing was
    std::string entry;    ///< of its menu
    std::optional<EfiFile> xen;
    std::optional<EfiFile> kernel;  ///< dom0's, or the one that is started without Xen
    std::optional<EfiFile> ramdisk;
    std::optional<EfiFile> policy;
    std::optional<EfiFile> tree;          ///< nothing: the firmware's
    std::string other_with_xen;           ///< a menu entry that starts Xen where the chosen one does not
    std::vector<std::string> missing;     ///< "vmlinuz (grub.cfg line 5)"
    std::vector<std::string> unfollowed;  ///< what is not known
};

/// `file` on that partition, which is there. Throws Error{io}.
EfiBoot follow_efi(const CardFiles& card, unsigned partition, const std::string& file);

}  // namespace rpixen
