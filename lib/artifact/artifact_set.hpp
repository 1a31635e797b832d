#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "board/module.hpp"
#include "format/arm64_image.hpp"
#include "format/uboot_release.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// An input that was examined. `content` is what goes onto the card: the input itself, or what was unpacked
/// from it.
struct Artifact {
    std::string path;  ///< as the manifest has it
    Content content;
    std::string packing;  ///< "none", "gzip", "xz", "zstd", "bzip2", "lz4", "zboot-gzip", "zboot-zstd", ...
    std::optional<std::string> sha256;  ///< of the input as it lies there; known where it was pinned or is small
};

struct XenArtifact : Artifact {
    Arm64ImageHeader header;
    std::string banner;  ///< "Xen 4.17.5..."; empty where none was found
    int major = 0;       ///< 0 where no banner was found
    int minor = 0;
};

struct KernelArtifact : Artifact {
    Arm64ImageHeader header;
    std::string banner;   ///< "Linux version 6.1.0-..."
    std::string release;  ///< "6.1.0-37-arm64"
    int major = 0;
    int minor = 0;
    /// Whether it was built for Xen (CONFIG_XEN): nothing where it cannot be told.
    std::optional<bool> built_for_xen;
    std::map<std::string, std::string> config;  ///< from an embedded IKCONFIG; empty where there is none
};

struct UBootArtifact : Artifact, UBootRelease {
    bool has_legacy_image = false;  ///< CONFIG_LEGACY_IMAGE_FORMAT and source, as far as strings tell
    bool has_booti = false;
    bool has_fdt_overlay = false;
};

struct FirmwareFile {
    std::string path;  ///< relative to the firmware folder, '/' between parts
    Content content;
};

/// A guest's disk, to become a file with holes.
struct GuestDisk {
    std::uint64_t size = 0;           ///< bytes
    Content content;                  ///< what is no zeros, packed
    std::vector<DataRun> runs;        ///< where it lies in the disk
    std::vector<std::string> notes;   ///< what was left out or changed on the way into it
    std::vector<std::string> inputs;  ///< every path that was read
};

/// What a guest is made of.
struct GuestArtifacts {
    KernelArtifact kernel;                        ///< dom0's, where the manifest says so
    std::map<GuestModuleKind, Artifact> modules;  ///< beside the kernel; an initrd of dom0's too
    std::optional<GuestDisk> disk{};
};

/// What the manifest's boot inputs really are: all but the root file system.
struct ArtifactSet {
    XenArtifact xen;
    KernelArtifact kernel;
    UBootArtifact uboot;
    std::vector<Artifact> dtbs;              ///< in the manifest's order; at least one
    std::map<ModuleKind, Artifact> modules;  ///< beside the kernel
    std::vector<Artifact> overlays;          ///< in the manifest's order; built-in ones have their bytes in memory
    std::vector<FirmwareFile> firmware;      ///< sorted by path; empty where no folder was given
    bool has_firmware = false;
    std::vector<Content> extra_files;    ///< in the order of Manifest::files
    std::vector<GuestArtifacts> guests;  ///< in the order of Manifest::guests
    std::vector<std::string> inputs;     ///< every path that was read, for depfiles and reports
};

}  // namespace rpixen
