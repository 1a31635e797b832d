#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpixen {

/// What Xen gets for dom0 as a multiboot module.
enum class ModuleKind : std::uint8_t { kernel, initrd, xsm_policy };

/// All that is known of a kind of module; another kind is another row. Facts: xen
/// docs/misc/arm/device-tree/booting.txt.
struct ModuleRow {
    ModuleKind kind;
    const char* key;     ///< in the manifest: artifacts.KEY, boot.addresses.KEY; in --json
    const char* file;    ///< on the boot partition (docs/manifest.md)
    const char* name;    ///< in the memory map: "dom0 kernel"
    const char* spoken;  ///< in findings: "dom0's kernel"
    const char* script;  ///< in the boot script: load_SCRIPT
    const char* node;    ///< of /chosen, where the tree has none for it
    /// Xen's own name, which is written, and that of the Multiboot specification.
    std::array<std::string_view, 2> compatible;
    /// The original address of the boot_xen environment; nothing: U-Boot's ramdisk_addr_r.
    std::optional<std::uint64_t> address;

    /// Whether a module node with these compatibles is of this kind.
    bool names(const std::vector<std::string>& compatibles) const {
        return std::any_of(compatibles.begin(), compatibles.end(), [this](const std::string& word) {
            return std::find(compatible.begin(), compatible.end(), word) != compatible.end();
        });
    }
};

inline constexpr std::array module_rows{
    ModuleRow{ModuleKind::kernel,
              "kernel",
              "Image",
              "dom0 kernel",
              "dom0's kernel",
              "dom0",
              "dom0",
              {"xen,linux-zimage", "multiboot,kernel"},
              0x480000},
    ModuleRow{ModuleKind::initrd,
              "initrd",
              "initrd.img",
              "initrd",
              "the initrd",
              "initrd",
              "ramdisk",
              {"xen,linux-initrd", "multiboot,ramdisk"},
              std::nullopt},
    ModuleRow{ModuleKind::xsm_policy,
              "xsm_policy",
              "xenpolicy",
              "xsm policy",
              "the XSM policy",
              "xsm",
              "xsm-policy",
              {"xen,xsm-policy", "xen,xsm-policy"},
              std::nullopt},
};

constexpr const ModuleRow& row_of(ModuleKind kind) {
    return module_rows[static_cast<std::size_t>(kind)];
}
static_assert(row_of(ModuleKind::xsm_policy).kind == ModuleKind::xsm_policy);

/// What Xen gets for a guest that it builds itself (dom0less).
enum class GuestModuleKind : std::uint8_t { kernel, initrd, device_tree };

/// All that is known of a kind of guest's module; another kind is another row. Facts: xen
/// docs/misc/arm/device-tree/booting.txt, "Creating Multiple Domains directly from Xen".
struct GuestModuleRow {
    GuestModuleKind kind;
    const char* key;   ///< in the manifest: guests[].KEY
    const char* file;  ///< on the boot partition, in guests/NAME/
    std::string_view compatible;
};

inline constexpr std::array guest_module_rows{
    GuestModuleRow{GuestModuleKind::kernel, "kernel", "Image", "multiboot,kernel"},
    GuestModuleRow{GuestModuleKind::initrd, "initrd", "initrd.img", "multiboot,ramdisk"},
    GuestModuleRow{GuestModuleKind::device_tree, "device_tree", "guest.dtb", "multiboot,device-tree"},
};

constexpr const GuestModuleRow& row_of(GuestModuleKind kind) {
    return guest_module_rows[static_cast<std::size_t>(kind)];
}
static_assert(row_of(GuestModuleKind::device_tree).kind == GuestModuleKind::device_tree);

}  // namespace rpixen
