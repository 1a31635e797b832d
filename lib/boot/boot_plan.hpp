#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/diagnostic.hpp>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// What stands in memory when U-Boot hands over to Xen, or must not be written before.
struct MemoryRegion {
    std::string name;  ///< "xen", "dom0 kernel", "initrd", "xsm policy", "device tree", "overlay scratch",
                       ///< "U-Boot script window" ...
    Range range;       ///< physical addresses
    enum class Kind : std::uint8_t { placed, window, reserved, ram } kind = Kind::placed;
    bool pinned = false;   ///< by the manifest
    std::string moved_by;  ///< id of the rule that moved it from its original address; empty where it stays
    std::uint64_t wanted = 0;  ///< the original address
};

/// Placed regions never overlap each other nor a reserved one.
struct MemoryMap {
    std::vector<MemoryRegion> regions;  ///< sorted by begin
    const MemoryRegion* find(std::string_view name) const;
};

/// One file of the boot partition.
struct BootFile {
    std::string path;  ///< "boot.scr", "overlays/pi4-64-xen.dtbo"
    Content content;
};

struct BootPlan {
    MemoryMap memory;
    std::vector<BootFile> files;  ///< sorted by path
    std::string script;           ///< the text inside boot.scr
    std::string config_txt;
    std::string dom0_bootargs;
    std::string xen_bootargs;             ///< with dom0_mem
    Bytes device_tree;                    ///< as it stands on the card
    std::vector<Diagnostic> diagnostics;  ///< sorted by severity, then id
};

}  // namespace rpixen
