#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "board/module.hpp"
#include "boot/guests.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// What a region of memory is for.
enum class MemoryRole : std::uint8_t {
    other,
    xen,
    module,         ///< MemoryRegion::module tells which
    guest,          ///< a module of a guest; MemoryRegion::file tells which
    tree,           ///< the device tree that Xen gets, with its room to grow
    loaded_tree,    ///< the file, before the script moves it to `tree`
    scratch,        ///< where an overlay is loaded to
    firmware_tree,  ///< reserved: where the firmware puts its own tree
    moved_tree,     ///< reserved: where booti may move the tree to
    reservation,    ///< reserved by the device tree itself
    static_memory,  ///< a guest's, set aside by address
};
/// For people: "device tree", "overlay scratch" ...; a module's name is in its row.
const char* name_of(MemoryRole role) noexcept;

/// What stands in memory when U-Boot hands over to Xen, or must not be written before.
struct MemoryRegion {
    std::string name;  ///< for people: name_of(role), "U-Boot (run time)", "/memreserve/" ...
    Range range;       ///< physical addresses
    enum class Kind : std::uint8_t { placed, window, reserved, ram } kind = Kind::placed;
    bool pinned = false;       ///< by the manifest
    std::string moved_by;      ///< id of the rule that moved it from its original address; empty where it stays
    std::uint64_t wanted = 0;  ///< the original address
    MemoryRole role = MemoryRole::other;
    std::optional<ModuleKind> module{};
    std::string file{};  ///< of a guest's module, on the boot partition
};

/// For --json and pictures: "kernel", "device_tree", "overlay" ...
const char* word_of(const MemoryRegion& region) noexcept;

/// Placed regions overlap neither each other nor a reserved one, unless an address is pinned so.
struct MemoryMap {
    std::vector<MemoryRegion> regions;  ///< sorted by begin
    std::vector<Problem> findings;      ///< what speaks against pinned addresses, in the manifest's words
    /// Null where there is none of this role.
    const MemoryRegion* find(MemoryRole role) const;
    const MemoryRegion* find(ModuleKind kind) const;
    const MemoryRegion* find(const std::string& file) const;
    void sort();
};

/// One file of the boot partition.
struct BootFile {
    std::string path;  ///< "boot.scr", "overlays/pi4-64-xen.dtbo"
    Content content;
};

/// Whether a board of this size can give dom0 the memory that is asked for.
struct BoardFit {
    std::uint64_t memory = 0;     ///< the board's RAM, bytes
    std::uint64_t dom0_mem = 0;   ///< what dom0 asks for on it, bytes
    std::uint64_t ceiling = 0;    ///< the largest dom0_mem that it could give with this memory map, bytes
    std::uint64_t guests = 0;     ///< what the guests take that Xen starts, bytes
    bool starts = false;          ///< dom0 and the guests
    std::uint64_t xl_guests = 0;  ///< what those take that start with dom0, bytes
    bool xl_starts = false;       ///< they too
};

struct BootPlan {
    MemoryMap memory;
    std::vector<BootFile> files;  ///< sorted by path
    std::string script;           ///< the text inside boot.scr
    std::string config_txt;
    std::string dom0_bootargs;
    std::string xen_bootargs;           ///< with dom0_mem; where the script chooses it, that of the smallest board
    std::vector<Dom0lessGuest> guests;  ///< that Xen starts
    Bytes device_tree;                  ///< as it stands on the card; of several the first
    std::vector<BoardFit> boards;       ///< 1, 2, 4 and 8 GiB; empty where Xen's command line has no dom0_mem
};

}  // namespace rpixen
