#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "base/size.hpp"
#include "board/module.hpp"
#include "storage/content.hpp"

// The guests that Xen itself builds (dom0less): xen docs/misc/arm/device-tree/booting.txt, "Creating Multiple Domains
// directly from Xen"; docs/features/dom0less.pandoc. Those of xl are files of the root file system
// (card/xl_guests.hpp).

namespace rpixen {

/// A module of such a guest.
struct GuestModule {
    GuestModuleKind kind = GuestModuleKind::kernel;
    /// Dom0's module that it shares: no further file, no memory, no time to load. Every Xen takes a module that two
    /// nodes name, where dom0's is the first in the tree.
    std::optional<ModuleKind> of_dom0{};
    std::string file;      ///< on the boot partition, "guests/web/Image"; dom0's where it shares that
    std::string variable;  ///< in the boot script: "load_guest_web_kernel"
    Content content;
};

/// A guest that Xen builds, with what its node says.
struct Dom0lessGuest {
    std::string name;
    std::uint64_t memory = 0;  ///< bytes
    std::uint32_t vcpus = 1;
    std::string bootargs;
    bool vpl011 = false;
    bool enhanced = false;  ///< paravirtual interfaces
    /// Set aside by address; empty until the planner has found the place.
    std::optional<std::vector<Range>> static_memory{};
    bool direct_map = false;
    std::vector<GuestModule> modules;
};

/// The name of a guest's file on the card, from its partition's root without a slash: on the boot partition where Xen
/// starts it, on the root file system where xl does.
std::string guest_file(const Guest& guest, GuestModuleKind kind);
std::string guest_disk_file(const Guest& guest);

/// Those of the manifest, in its order: Xen gives them the numbers from 1.
std::vector<Dom0lessGuest> dom0less_guests(const Manifest& manifest, const ArtifactSet& artifacts);

/// What guests take of a board's memory, in bytes, beside what is set aside by address.
struct GuestsMemory {
    std::uint64_t of_xen = 0;  ///< those that Xen starts
    std::uint64_t of_xl = 0;   ///< those that start with dom0
};
GuestsMemory guests_memory(const Manifest& manifest);

}  // namespace rpixen
