#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "follow/uboot/uboot_shell.hpp"

namespace rpixen {

/// One entry of an extlinux.conf, as U-Boot reads it (boot/pxe_utils.c). Paths as they stand there.
struct ExtlinuxEntry {
    std::string label;
    std::string kernel;  ///< linux, kernel
    std::string initrd;
    std::string tree;                      ///< fdt, devicetree
    std::string tree_dir;                  ///< fdtdir, devicetreedir: ${fdtfile} is looked for there
    std::string overlays;                  ///< fdtoverlays, devicetreeoverlays: separated by blanks
    std::optional<std::string> arguments;  ///< append
};

/// The entry that is started when nobody chooses: `default`, or the first. Nothing where there is none that
/// names a kernel.
std::optional<ExtlinuxEntry> default_entry(std::string_view text);

/// The same steps as a script of U-Boot. Takes the arguments into `start`'s environment; a path without a
/// leading '/' is seen from `folder` ("/extlinux").
UBootScriptText extlinux_script(const ExtlinuxEntry& entry, const std::string& file, const std::string& folder,
                                UBootStart& start);

}  // namespace rpixen
