#pragma once

// Threads: values: one object may be read from any number of threads, and changed by one that is alone with it; the
// functions keep no state. Exceptions: Error, and where the system gives no memory or no thread std::bad_alloc and
// std::system_error. Callbacks: none.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/error.hpp>

namespace rpixen {

/// An input named by the manifest. Paths are as written there; `resolved` is relative to the manifest's
/// folder.
struct ArtifactReference {
    std::string path;
    std::string resolved;
    std::optional<std::string> sha256;  ///< 64 lower-case hex digits
    Location location;
};

enum class ScriptFlavour : std::uint8_t { checked, classic };
enum class OverlayMoment : std::uint8_t { compose, boot };

struct OverlayReference {
    std::string name;      ///< a built-in name, or the stem of the file's name: overlays/<name>.dtbo on the card
    std::string path;      ///< of a .dtbo, as written; empty for a built-in
    std::string resolved;  ///< the same, seen from the manifest's folder
    Location location;
};

/// "auto" = computed, "fill" = the rest of the image, or bytes.
struct SizeWish {
    enum class Kind : std::uint8_t { automatic, fill, exact } kind = Kind::automatic;
    std::uint64_t bytes = 0;
};

struct ExtraFile {
    enum class Partition : std::uint8_t { boot, root } partition = Partition::root;
    std::string source;
    std::string resolved;
    std::string target;  ///< absolute inside the partition
    std::optional<std::uint16_t> mode;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    Location location;
};

/// Whom files of the root file system belong to.
struct OwnerRow {
    std::string path;  ///< a pattern in the form of gitignore(5)
    std::optional<std::uint32_t> uid, gid;
    std::optional<std::uint16_t> mode;
    Location location;  ///< of the pattern
};

/// A guest's kernel or initrd.
struct GuestFile {
    bool of_dom0 = false;        ///< "dom0": the one that dom0 has; otherwise `artifact`
    ArtifactReference artifact;  ///< its location holds for both
};

enum class GuestStart : std::uint8_t {
    xen,  ///< by Xen, beside dom0 (dom0less)
    xl,   ///< by dom0's xl, from /etc/xen/NAME.cfg
};
enum class GuestConsole : std::uint8_t {
    vpl011,  ///< an emulated PL011, ttyAMA0
    pv,      ///< Xen's paravirtual console, hvc0
    none,
};

/// Physical memory, bytes.
struct MemoryBank {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
};

/// A virtual machine that the card starts.
struct Guest {
    std::string name;  ///< unique, also without regard to case
    GuestStart start = GuestStart::xen;
    GuestFile kernel;
    std::optional<GuestFile> initrd;
    std::optional<ArtifactReference> device_tree;  ///< a partial tree; of GuestStart::xen only
    std::uint64_t memory = 0;                      ///< bytes, in whole MiB
    std::uint32_t vcpus = 1;
    std::optional<std::string> bootargs;  ///< nothing: by the console, see command_line()
    GuestConsole console = GuestConsole::vpl011;
    bool pv = false;  ///< xen,enhanced; of GuestStart::xen only
    /// Its memory is set aside by address; of GuestStart::xen only. Empty: one place that the planner finds; otherwise
    /// `memory` in sum.
    std::optional<std::vector<MemoryBank>> static_memory;
    bool direct_map = false;  ///< it has its memory at the board's own addresses; with `static_memory` only
    std::optional<ArtifactReference> disk;  ///< of GuestStart::xl only
    bool autostart = true;                  ///< of GuestStart::xl only
    Location location;

    /// `bootargs`, or what its console needs.
    RPIXEN_API std::string command_line() const;
    /// The console that it has where the manifest names none.
    RPIXEN_API GuestConsole usual_console() const;
};

/// A bridge of dom0 that xl's guests are on.
struct Network {
    std::string bridge;                 ///< "xenbr0"
    std::optional<std::string> uplink;  ///< "eth0"; nothing: dom0 and the guests are by themselves
    Location location;
};

struct Manifest {
    std::string file;    ///< the manifest's path, for messages
    std::string folder;  ///< where its relative paths begin; empty: the working directory
    std::string name = "rpixen";
    std::string board = "raspberrypi4-64";

    ArtifactReference xen, kernel, uboot;
    /// At least one. Several: each for another board of the family, and the boot script chooses.
    std::vector<ArtifactReference> dtbs;
    std::optional<ArtifactReference> firmware;
    /// Modules beside the kernel, by their keys: "initrd", "xsm_policy".
    std::map<std::string, ArtifactReference> modules;
    std::vector<ArtifactReference> rootfs;  ///< layers, in order; at least one

    std::vector<OverlayReference> overlays;  ///< in order; default: the built-in pi4-64-xen

    ScriptFlavour script = ScriptFlavour::checked;
    OverlayMoment apply_overlays = OverlayMoment::compose;
    std::string bootargs = "console=hvc0 clk_ignore_unused root=/dev/mmcblk0p2 rootwait";
    std::string xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040 sync_console bootscrub=0";
    /// A size in whole MiB with its unit ("512MiB"), or "auto" or "rest": the boot script chooses by the
    /// board's memory; empty where xen_bootargs has a dom0_mem= of its own.
    std::string dom0_mem = "512MiB";
    std::vector<std::pair<std::string, std::string>> env;  ///< in the order of the file
    std::map<std::string, std::uint64_t> addresses;  ///< pinned: xen, kernel, initrd, xsm_policy, dtb, overlay_scratch
    std::vector<std::string> config_txt;

    SizeWish image_size;  ///< automatic or exact
    std::uint64_t alignment = std::uint64_t{4} << 20;
    std::string boot_label = "BOOT";
    std::uint64_t boot_size = std::uint64_t{256} << 20;
    std::string root_label = "root";
    SizeWish root_size;
    std::uint64_t root_free = std::uint64_t{64} << 20;

    std::vector<OwnerRow> owners;  ///< in the order of the file: later rows win
    std::vector<ExtraFile> files;

    std::vector<Guest> guests;  ///< in the order of the file
    std::optional<Network> network;

    /// Where each value of the file stands, by JSON pointer, so that later stages can point at it too.
    std::map<std::string, Location> locations;
    /// Where the value of a JSON pointer stands; of one that is not in the file, the nearest value around it.
    RPIXEN_API Location locate(const std::string& pointer) const;
};

/// Reads a manifest (version 1; docs/manifest.md): JSON in UTF-8, comments are allowed. `file` is its path:
/// the base of relative paths and the name in messages; the file itself and the artifacts are not touched.
/// Throws one Error{manifest} with every mistake found.
RPIXEN_API Manifest parse_manifest(std::string_view text, const std::string& file);
/// The same, with relative paths that begin in `folder`, wherever `file` is.
RPIXEN_API Manifest parse_manifest(std::string_view text, const std::string& file, const std::string& folder);
/// The same for a card of `card_size` bytes (a multiple of 1 MiB; 0: it is not known), which the root partition fills
/// where its size is "fill" and the image has none.
RPIXEN_API Manifest parse_manifest(std::string_view text, const std::string& file, const std::string& folder,
                                   std::uint64_t card_size);

/// A manifest as JSON: every key that has another value than its default, in one order, without comments.
/// parse_manifest() of it gives the same manifest but for locations. Ends with a newline. Throws Error{manifest}
/// for a text that is no UTF-8.
RPIXEN_API std::string manifest_json(const Manifest& manifest);

/// Where a request's manifest comes from: a file, a text, or a value that the caller made.
class RPIXEN_API ManifestSource {
  public:
    ManifestSource() = default;
    ManifestSource(std::string path) : given_(std::move(path)) {}
    ManifestSource(const char* path) : given_(std::string(path)) {}
    /// JSON; relative paths begin in `folder`. `name` stands for the file in messages.
    static ManifestSource of_text(std::string json, std::string folder, std::string name = "manifest");
    /// The paths of references count, seen from the manifest's folder, and not what they resolve to. The value is held
    /// to every rule that holds for a file; problems then have pointers, but lines of no file.
    static ManifestSource of_value(Manifest manifest);

    /// None was given.
    bool empty() const noexcept;
    /// Of a file; empty otherwise.
    std::string path() const;
    /// Reads and proves it; `card_size` as in parse_manifest(). Throws Error{manifest}, Error{io}.
    Manifest load(std::uint64_t card_size = 0) const;

  private:
    struct Text {
        std::string json, folder, name;
    };
    std::variant<std::string, Text, std::shared_ptr<const Manifest>> given_;
};

/// The JSON Schema (2020-12) of the manifest, as text.
RPIXEN_API std::string_view manifest_schema();

}  // namespace rpixen
