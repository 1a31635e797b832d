#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "board/module.hpp"
#include "follow/card_files.hpp"
#include "follow/kernels.hpp"
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
    std::map<ModuleKind, EfiFile> modules;  ///< Xen's; or the kernel and initrd that are started without it
    std::optional<EfiFile> tree;            ///< nothing: the firmware's
    std::string other_with_xen;             ///< a menu entry that starts Xen where the chosen one does not
    std::vector<std::string> missing;       ///< "vmlinuz (grub.cfg line 5)"
    std::vector<std::string> unfollowed;    ///< what is not known

    /// Null where none is loaded.
    const EfiFile* module(ModuleKind kind) const {
        const auto found = modules.find(kind);
        return found == modules.end() ? nullptr : &found->second;
    }
};

/// `file` on that partition, which is there. Throws Error{io}.
EfiBoot follow_efi(const CardFiles& card, Kernels& kernels, unsigned partition, const std::string& file);

}  // namespace rpixen
