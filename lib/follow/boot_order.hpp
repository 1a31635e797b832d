#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "follow/card_files.hpp"
#include "follow/uboot/uboot_shell.hpp"

namespace rpixen {

/// A file that U-Boot's standard boot starts when it comes to it.
struct BootCandidate {
    enum class Kind : std::uint8_t {
        extlinux,
        script,
        efi,  ///< EFI/BOOT/BOOTAA64.EFI
    } kind = Kind::script;
    unsigned partition = 0;
    std::string file;    ///< "boot/boot.scr"
    std::string prefix;  ///< "/" or "/boot/"
};

/// What lies on the card of all that, in U-Boot's order: on the partitions that are marked bootable (on the
/// first, or from bootstd on on any, where none is), in / and in /boot/. Up to v2023.07 the scripts of
/// config_distro_bootcmd.h look for extlinux.conf and boot.scr in one folder after the other and then for
/// EFI; bootstd takes extlinux, script, EFI, and from v2025.01 on EFI before the script.
std::vector<BootCandidate> boot_candidates(const CardFiles& card, const std::optional<UBootFacts>& uboot);

/// A file as U-Boot finds it: on a FAT without regard to case, on an ext4 through symlinks. Nothing where
/// there is none.
std::optional<Content> find_card_file(const CardFiles& card, unsigned partition, const std::string& path);

/// What U-Boot knows when it starts a script of this card: `scenario` has the firmware's files, U-Boot and
/// the saved environment, `firmware_tree` is what the firmware hands over. Holds a reference to `card`.
UBootStart uboot_start(const CardFiles& card, const BootScenario& scenario,
                       const std::optional<Content>& firmware_tree);

}  // namespace rpixen
