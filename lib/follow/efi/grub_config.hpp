#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpixen {

/// What GRUB's script may ask of the card.
struct GrubDisk {
    unsigned partition = 1;  ///< where GRUB itself was started from; $root at the beginning
    /// The text of a file; nothing where it is not there.
    std::function<std::optional<std::string>(unsigned partition, const std::string& path)> read;
    std::function<bool(unsigned partition, const std::string& path)> exists;
    /// `search`: by "label", "fs-uuid" or "file".
    std::function<std::optional<unsigned>(const std::string& by, const std::string& what)> search;
};

/// A file that the chosen menu entry loads.
struct GrubFile {
    std::string path;
    unsigned partition = 1;
    std::string arguments;  ///< behind the file's name
    int line = 0;
};

/// What the entry that nobody has to choose does.
struct GrubBoot {
    std::string entry;                    ///< its title; empty: no menu entry is started
    std::optional<GrubFile> xen;          ///< xen_hypervisor
    std::vector<GrubFile> modules;        ///< xen_module, in their order: kernel, ramdisk, others
    std::optional<GrubFile> kernel;       ///< linux
    std::optional<GrubFile> initrd;       ///< initrd, beside linux
    std::optional<GrubFile> tree;         ///< devicetree
    std::optional<GrubFile> chainloader;  ///< another EFI program
    std::vector<std::string> unfollowed;  ///< "blscfg (line 3)"
    /// Another entry that starts Xen, where the chosen one does not; empty: none.
    std::string other_with_xen;
};

/// Runs a grub.cfg up to its menu and the default entry in it. What it does not know it passes over and says
/// so; it ends for every text.
GrubBoot follow_grub(std::string_view text, const std::string& folder, const GrubDisk& disk);

}  // namespace rpixen
