#pragma once

// Threads: values: one object may be read from any number of threads, and changed by one that is alone with it; the
// functions keep no state. Exceptions: std::bad_alloc alone. Callbacks: none.

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/diagnostic.hpp>
#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

namespace rpixen {

/// A file of a partition, as planned or read. Sizes in bytes.
struct ReportFile {
    std::string path;  ///< absolute inside the partition
    std::string type;  ///< "file", "directory", "symlink", ...
    std::uint64_t size = 0;
    std::uint32_t mode = 0;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t mtime = 0;   ///< seconds since 1970
    std::string target;       ///< of a symlink
    std::uint32_t major = 0;  ///< of a device
    std::uint32_t minor = 0;
};

struct ReportPartition {
    unsigned number = 0;  ///< from 1
    std::string name;     ///< "boot", "root"; empty for images made elsewhere
    std::string type;     ///< "0x0c", or a GPT type UUID
    bool active = false;
    std::uint64_t offset = 0;  ///< bytes
    std::uint64_t size = 0;    ///< bytes
    std::string file_system;   ///< "fat32", "ext4", ...
    std::string label;
    std::string uuid;           ///< volume id "ABCD-1234" or UUID
    std::uint64_t used = 0;     ///< bytes of file data
    std::uint64_t entries = 0;  ///< files, folders and others
    std::deque<ReportFile> files;
};

struct ReportRegion {
    std::string name;
    std::string kind;         ///< "placed", "window", "reserved", "ram"
    std::uint64_t begin = 0;  ///< physical address
    std::uint64_t end = 0;
    bool pinned = false;
    std::string moved_by;      ///< id of the rule that moved it
    std::uint64_t wanted = 0;  ///< where it would have been
    /// "xen", "kernel", "initrd", "xsm_policy", "device_tree", "overlay", "guest", "guest_memory" or "other"
    std::string role = "other";
};

/// An input of a card. Texts are empty and sizes 0 where nothing is known.
struct ReportArtifact {
    /// "xen", "kernel", "initrd", "xsm_policy", "dtb", "uboot", "firmware", "rootfs", "overlay", "file",
    /// "guest_kernel", "guest_initrd", "guest_device_tree", "guest_disk"
    std::string role;
    std::string path;  ///< as the manifest has it
    /// Of the file as it lies there, of a folder as docs/cli.md defines it; empty only where the request says so
    /// (PlanRequest::digest_inputs).
    std::string sha256;
    std::string version;     ///< "Xen 4.17.5", "6.1.0-37-arm64", "U-Boot 2023.01..."
    std::uint64_t size = 0;  ///< of a file, bytes
    std::string packing;  ///< what it was unpacked from: "gzip", "zboot-zstd", ...; "none" for one that is taken as it
                          ///< is
    std::string name;     ///< on the card, from its partition's root; empty for what becomes many files
    bool is_folder = false;
};

/// Bytes of an image, half-open.
struct ReportExtent {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// Whether a board of this size can start dom0, and the guests that Xen starts.
struct ReportBoard {
    std::uint64_t memory = 0;    ///< the board's RAM, bytes
    std::uint64_t dom0_mem = 0;  ///< what dom0 asks for on it, bytes
    std::uint64_t ceiling = 0;   ///< the most that Xen could give it there, bytes
    std::uint64_t guests = 0;    ///< what the guests take that Xen starts beside dom0, bytes
    bool starts = false;
    std::uint64_t xl_guests = 0;  ///< what those of xl take that start with dom0, bytes
    bool xl_starts = false;       ///< dom0 and all guests
};

/// A domain that a card starts by itself: dom0 or a guest. Sizes in bytes; 0 where one is not known.
struct ReportDomain {
    std::string name;               ///< "dom0", or the guest's
    std::string started_by;         ///< "xen" or "xl"
    std::uint64_t memory = 0;       ///< its own; 0 too where dom0's is chosen by the board
    std::uint64_t page_tables = 0;  ///< what Xen sets aside for it beside that
    std::uint64_t vcpus = 0;        ///< of dom0 0
    bool static_memory = false;     ///< set aside by address
};

/// What a plan says, what a composed card holds, or what was found in an image: one document for all three.
struct Report {
    std::string name;            ///< of the manifest, or the image's path
    std::string output;          ///< the image's path; empty for a plan
    std::uint64_t size = 0;      ///< bytes
    std::string table;           ///< "mbr", "gpt", "none"
    std::string disk_signature;  ///< "0x1234abcd"
    std::int64_t time = 0;       ///< the time stamp used, seconds since 1970
    std::vector<ReportPartition> partitions;
    std::vector<ReportRegion> memory;  ///< sorted by begin
    std::string script;                ///< text inside boot.scr
    std::string config_txt;
    std::vector<std::string> facts;  ///< "Xen 4.17.5", "dom0 module at 0x480000, 32956352 bytes", ...
    std::vector<Diagnostic> diagnostics;
    std::vector<std::string> notes;
    /// Those of `notes` that tell what was taken for granted of the boot and what could not be followed: the
    /// same for a manifest and for its image.
    std::vector<std::string> not_known;
    /// What the card starts and could not be followed up to Xen, so that no verdict rests on it; empty: nothing.
    std::string not_followed;
    std::vector<std::pair<std::string, std::string>> inputs;  ///< path, sha256 where it was computed
    std::vector<ReportArtifact> artifacts;                    ///< as the manifest names them; empty for an image
    /// Of a planned or composed card: what holds data or has to be zero, ascending and apart, multiples of 512 bytes;
    /// what lies between does not matter. Empty unless it was asked for.
    std::vector<ReportExtent> extents;
    std::string manifest_sha256;      ///< of manifest_json(); empty for an image
    std::string image_sha256;         ///< of the composed image; empty unless it was asked for
    std::vector<ReportBoard> boards;  ///< the smallest first; empty where Xen's command line has no dom0_mem
    /// dom0, the guests of Xen in their order and those of xl that start with dom0; empty for a card without guests.
    std::vector<ReportDomain> domains;

    std::vector<Problem> refusal;  ///< of a plan: why compose would not write this card; empty: it would

    /// For people: tables of partitions, files and memory. With `all_files` every file of the root file
    /// system, otherwise those of its top folder. Control characters from inputs are written as "\xNN".
    RPIXEN_API std::string text(bool all_files = false) const;
    /// docs/report.md; stable. Ends with a newline.
    RPIXEN_API std::string json() const;
    /// The memory map and the card's layout as an SVG picture.
    RPIXEN_API std::string svg() const;
};

/// The diagnostics as lines for people.
RPIXEN_API std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics);

/// The JSON documents of docs/cli.md beside the report; they end with a newline. Bytes of an input that are no
/// UTF-8 become U+FFFD.
RPIXEN_API std::string error_json(const Error& error);
/// One line.
RPIXEN_API std::string progress_json(const PhaseStart& phase, std::uint64_t done);
RPIXEN_API std::string rule_json(const DiagnosticRule& rule);
RPIXEN_API std::string rules_json(std::span<const DiagnosticRule> rules);

}  // namespace rpixen
