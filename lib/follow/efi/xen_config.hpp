#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rpixen {

/// The section of Xen's own EFI configuration that is used (docs/misc/efi.pandoc). Paths as they stand there.
struct XenConfig {
    std::string section;
    std::string options;  ///< Xen's command line
    std::string kernel;   ///< the file, without what follows it
    std::string kernel_arguments;
    std::string ramdisk;
    std::string xsm;
    std::string tree;  ///< dtb
};

/// The section that [global] default= names, or the first. Unknown keys are passed over, as Xen does.
XenConfig parse_xen_config(std::string_view text);

/// The names under which xen.efi looks for its configuration, in its order: its own name with .cfg, then
/// with one part behind a dot, a dash or an underscore less each time, at last xen.cfg.
std::vector<std::string> xen_config_names(const std::string& program);

}  // namespace rpixen
