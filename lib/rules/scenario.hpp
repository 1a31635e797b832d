#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/diagnostic.hpp>

#include "base/size.hpp"
#include "board/board_model.hpp"
#include "board/module.hpp"
#include "format/arm64_image.hpp"
#include "format/uboot_release.hpp"

namespace rpixen {

// What a card would do at boot, as far as it is known beforehand: filled from a BootPlan (our own cards) or
// from an image that anybody made (lib/follow), judged by judge(). An optional without a value, an empty
// string or list means "not known" or "not there" as said at the field; no rule complains of what is not
// known.

/// What a file is by its magic, never by its name.
enum class ImageKind : std::uint8_t {
    unknown,
    arm64,  ///< "ARM\x64" at byte 56
    arm32,  ///< zImage, 0x016f2818 at byte 0x24
    gzip,
    packed,  ///< xz, zstd, lz4, bzip2, lzma: nothing at boot unpacks these
    zboot,   ///< EFI zboot, "MZ" and "zimg"
    uimage,  ///< legacy U-Boot image
    elf,
    efi,  ///< "MZ" without an arm64 header
};
const char* name_of(ImageKind kind) noexcept;

/// A file that U-Boot puts into memory.
struct LoadedFile {
    std::string file;                      ///< name on the boot partition
    std::uint64_t size = 0;                ///< bytes of the file
    std::optional<std::uint64_t> address;  ///< where it is loaded
};

struct XenFacts : LoadedFile {
    ImageKind kind = ImageKind::unknown;
    std::optional<Arm64ImageHeader> header;
    std::string banner;  ///< "4.17.5"; empty: not known
    int major = 0;       ///< 0: not known
    int minor = 0;
    std::map<std::string, std::string> config;  ///< of its build ("CONFIG_XSM" = "y"); empty: not known
    bool in_place = false;                      ///< started where it lies; booti would move it
};

struct KernelFacts : LoadedFile {
    ImageKind kind = ImageKind::unknown;
    std::optional<Arm64ImageHeader> header;
    std::string release;  ///< "6.1.0-37-arm64"; empty: not known
    int major = 0;        ///< 0: not known
    int minor = 0;
    std::optional<bool> built_for_xen;
    /// "CONFIG_XEN" = "y": embedded (IKCONFIG), or config-RELEASE of the card; empty: not known.
    std::map<std::string, std::string> config;
    /// Names of drivers, '_' for '-': in /lib/modules/RELEASE/modules.builtin (nothing: not known), and as files there.
    std::optional<std::set<std::string>> built_in_drivers{};
    std::set<std::string> driver_modules{};
};

/// What stands (or must not be disturbed) in memory, and when.
struct Placement {
    enum class Role : std::uint8_t {
        xen,
        module,       ///< Placement::module tells which
        guest,        ///< a boot module of a guest
        device_tree,  ///< with its room to grow
        overlay,      ///< the scratch place an overlay is loaded to
        other,        ///< another file that the script loads
        reserved,     ///< U-Boot's code and run-time area, an armstub: a load there is refused or fatal
    };
    Role role = Role::other;
    std::string name;  ///< for messages: "xen", "dom0 kernel", "U-Boot (run time)" ...
    Range range;       ///< physical addresses
    /// Steps of the script between which it must stay whole; by default always.
    unsigned from = 0;
    unsigned until = std::numeric_limits<unsigned>::max();
    std::optional<ModuleKind> module{};
};

/// One multiboot module of /chosen, or what claims to be one.
struct ModuleFacts {
    std::string path;  ///< "/chosen/dom0"
    int depth = 2;     ///< of the node; children of /chosen have 2
    std::vector<std::string> compatible;
    bool has_reg = false;
    bool reg_fits_cells = true;  ///< reg's length is that of one address and one size
    std::optional<Range> range;  ///< nothing where reg cannot be read with /chosen's cells
    std::optional<std::string> bootargs;
    std::string domain{};  ///< path of the guest's node that it stands in; empty: it is dom0's
};

/// A guest that Xen itself builds from the device tree (dom0less): a node of /chosen with compatible
/// "xen,domain".
struct GuestFacts {
    std::string path;                     ///< "/chosen/domU1"
    std::optional<std::uint64_t> memory;  ///< bytes; nothing: not there, or not of two cells
    std::optional<std::uint32_t> cpus;
    bool xenstore = false;  ///< xen,enhanced asks for it
    bool static_memory = false;
    std::vector<Range> static_ranges{};  ///< of static memory; empty where it cannot be read
    bool shared_memory = false;
    bool colours = false;
    bool direct_map = false;
    bool vpl011 = false;
    bool enhanced = false;  ///< paravirtual interfaces, with xenstore or without
    std::string name{};     ///< its label, which Xen does not read, or its node's name
};

/// What matters of a flattened device tree.
struct TreeFacts {
    std::uint64_t total_size = 0;  ///< bytes, the header's totalsize
    std::vector<std::string> root_compatible;
    bool has_symbols = false;
    bool is_overlay = false;
    std::optional<std::uint32_t> chosen_address_cells;  ///< nothing: the property is missing
    std::optional<std::uint32_t> chosen_size_cells;
    std::optional<std::string> xen_bootargs;   ///< xen,xen-bootargs
    std::optional<std::string> dom0_bootargs;  ///< xen,dom0-bootargs
    std::optional<std::string> bootargs;
    std::vector<ModuleFacts> modules;  ///< dom0's and the guests', in the order of the tree
    std::vector<GuestFacts> guests;
    std::optional<Range> initrd;            ///< linux,initrd-start and -end
    bool static_heap = false;               ///< xen,static-heap
    bool cpu_pools = false;                 ///< a node of /chosen with compatible "xen,cpupool"
    std::vector<std::string> untyped_pcie;  ///< PCIe bridges with children that have a reg, and no device_type "pci"
    struct Reservation {
        Range range;
        std::string name;         ///< node path; empty for an entry of /memreserve/
        bool memreserve = false;  ///< from the header's list, not from /reserved-memory
    };
    std::vector<Reservation> reservations;
    struct Serial {
        std::string path;
        std::vector<std::string> compatible;
        std::string status;      ///< empty: no property, which means okay
        bool bluetooth = false;  ///< the port is wired to the Bluetooth chip, not to the header
    };
    std::vector<Serial> serials;                 ///< nodes that are called serial@...
    std::map<std::string, std::string> aliases;  ///< without the slash: "serial0" -> "/soc/serial@7e201000"
    std::vector<std::string> nodes;              ///< every path, for advice; may be empty
};

/// An overlay, and what applying it to this card's tree came to.
struct OverlayFacts {
    std::string file;
    std::uint64_t size = 0;
    bool at_boot = false;                  ///< U-Boot's `fdt apply`, not the firmware or the composer
    std::optional<std::uint64_t> address;  ///< where the script loads it
    bool valid = true;                     ///< a device tree blob
    bool is_overlay = true;                ///< has fragments
    std::string failure;  ///< libfdt's word where it cannot be applied ("FDT_ERR_NOTFOUND"); not for a lack of room
    std::string missing_target;                  ///< path or label that the tree lacks
    std::string similar_target;                  ///< what the tree has instead; may be empty
    std::optional<std::string> resize_argument;  ///< of the last `fdt resize` before it; "" for none given
    bool resized = false;                        ///< there was an `fdt resize` (or an `fdt move` with a length)
    std::optional<std::uint64_t> room;           ///< free bytes in the tree when it is applied
    std::optional<std::uint64_t> needed;         ///< bytes it makes the tree grow
    bool base_kept = true;                       ///< the base tree survives a failed apply (a copy, or loaded anew)

    bool lacks_room() const { return room && needed && *room < *needed; }
    /// `fdt apply` fails, which spoils the tree that it is given.
    bool cannot_be_applied() const { return !failure.empty() || lacks_room(); }
};

/// The flattened device tree that booti hands to Xen.
struct DeviceTreeFacts {
    std::string file;                      ///< on the boot partition; empty: the firmware's own tree
    std::uint64_t size = 0;                ///< bytes of the file
    bool valid = true;                     ///< of the file: magic and structure
    std::optional<std::uint64_t> address;  ///< where it stands at booti
    bool from_firmware = false;            ///< ${fdt_addr} is used as it is, no file is loaded
    std::optional<TreeFacts> as_stored;    ///< the file
    std::optional<TreeFacts> effective;    ///< after the script's edits and overlays; nothing where they fail
};

struct UBootFacts : UBootRelease {
    std::string file;
    std::uint64_t size = 0;
    std::optional<bool> legacy_image;  ///< can read boot.scr and `source` it
    std::optional<bool> booti;
    std::optional<bool> fdt_overlay;
    std::optional<bool> arm64;  ///< code for AArch64
};

/// The saved environment, a file of the boot partition.
struct SavedEnvironmentFacts {
    std::string file = "uboot.env";
    std::uint64_t size = 0;
    bool crc_right = true;
    std::map<std::string, std::string> variables;
};

struct ScriptFacts {
    std::string file;        ///< "boot.scr"
    std::uint64_t size = 0;  ///< bytes of the file
    std::string text;
    std::optional<bool> header_right;          ///< legacy header and both CRCs; nothing for a plain text
    std::vector<std::string> unchecked_steps;  ///< "fatload mmc 0:1 ... (line 3)": steps whose failure goes on unseen
    std::vector<std::string> fixed_devices;    ///< "mmc 0:1 (line 3)": devices written out instead of ${devnum}
    std::vector<std::string> decimal_numbers;  ///< "fdt resize 1024 (line 4)": look decimal where U-Boot reads hex
    std::vector<std::string> syntax_errors;    ///< with their line
    std::vector<std::string> missing_files;    ///< files it loads that the partition lacks
    std::vector<std::string> missing_nodes;    ///< nodes it edits that the tree lacks
    std::vector<std::string> unfollowed;       ///< what could not be followed, with its line
    bool loads_tree_to_fdt_addr = false;       ///< fatload ... ${fdt_addr}
    bool uses_fdt_addr = false;                ///< reads ${fdt_addr} at all
    std::optional<bool> sets_bootargs;         ///< the variable bootargs when booti runs
    std::string bootargs;
    std::string hides;  ///< a script that U-Boot would have found after this one; empty: none
    bool reaches_booti = false;
    std::string last_failure;  ///< where it does not: the step that failed, and what the script said then
    std::string booti_image;   ///< arguments of booti, expanded
    std::string booti_initrd;
    std::string booti_tree;                     ///< empty where no sound tree lies there
    std::string booti_argument;                 ///< the third one, whatever lies there; empty: none was given
    std::vector<std::string> absent_devices;    ///< "mmc 1:1 (line 3)": devices that are not there
    std::vector<std::string> carriage_returns;  ///< "line 3": lines that end in CR, which U-Boot takes for a letter
    std::vector<std::string> refused_images;    ///< "xen at 0x200000 (line 9)": what bootm was given and does not know
    bool starts_efi = false;                    ///< it ends in bootefi
    std::string efi_before;  ///< an EFI program that this U-Boot starts before this script; empty: none
};

/// One line of config.txt (and of what it includes).
struct ConfigLine {
    std::string file;
    int line = 0;
    std::string text;     ///< as it stands there, without the line's end
    std::string section;  ///< "all", "pi4", "none", "cm4" ...; "all" where none was opened
    std::string key;      ///< empty for a comment, a section, an empty line
    std::string value;
};

struct FirmwareFacts {
    /// The board that it runs on, where the card tells boards apart; null: any of the family, and the filters
    /// are those of a Raspberry Pi 4 B.
    const BoardModel* board = nullptr;
    std::vector<ConfigLine> config;  ///< in reading order
    bool config_present = true;
    std::string built{};  ///< the day on which start4.elf was built, "2022-08-26"; empty: not known
    /// Files of the boot partition, as paths without a leading '/', with their sizes; sorted.
    std::map<std::string, std::uint64_t> files;
    /// Whether what kernel= names can be a program at all; nothing where it is not there.
    std::optional<bool> starts_a_program;
    std::string uefi;              ///< the file of armstub= where that is a UEFI firmware (EDK2); empty: it is not
    std::string starts_linux;      ///< "6.1.0-37-arm64", where kernel= is a Linux without Xen; empty: it is not
    std::optional<Range> armstub;  ///< memory that the file of armstub= takes; nothing: none of one's own
    std::vector<OverlayFacts> overlays;  ///< of dtoverlay=, as far as their files are there
};

struct PartitionFacts {
    unsigned number = 0;  ///< from 1, as Linux counts
    Range range;          ///< in the image, bytes
    std::uint8_t mbr_type = 0;
    bool active = false;
    bool bootable = false;  ///< for U-Boot: active, or a GPT's EFI system partition
    std::string name;       ///< GPT only
    bool logical = false;
    std::string uuid;         ///< PARTUUID
    std::string file_system;  ///< "fat32", "fat16", "ext4", ...; empty: none that is known
    std::string file_system_uuid;
    std::string label;
    std::optional<std::uint64_t> file_system_size;  ///< bytes it believes to have
    std::uint64_t cluster_count = 0;                ///< FAT
    std::uint64_t cluster_size = 0;                 ///< FAT, bytes
    std::string in_last_cluster;                    ///< FAT: the file or folder that lies there; empty: none
};

struct DiskFacts {
    std::uint64_t size = 0;  ///< bytes
    bool gpt = false;
    std::vector<PartitionFacts> partitions;
    std::optional<unsigned> boot_partition;  ///< its number
    std::optional<unsigned> root_partition;
    std::vector<std::string> name_clashes;  ///< FAT: "boot.scr" and "BOOT.SCR"
    std::vector<std::string> damages;       ///< what is wrong inside the table and the file systems, in words
};

/// A guest that dom0's xl starts with dom0, by its configuration.
struct XlGuestFacts {
    std::string config{};  ///< "/etc/xen/auto/db.cfg"
    std::string name{};
    std::optional<std::uint64_t> memory{};  ///< bytes; nothing: not given, or not read
    std::uint64_t vcpus = 1;
    std::vector<std::string> files{};  ///< that it names and the root file system lacks
    bool disks = false;
    bool disk_files = false;  ///< some of them are files, which need a loop device
    bool interfaces = false;
};

struct RootFacts {
    std::optional<bool> getty_on_hvc0;
    std::optional<std::uint16_t> init_machine;  ///< e_machine of /sbin/init; 183 is AArch64
    bool init_present = true;
    bool named_init_present = true;            ///< where dom0's command line has init=
    std::vector<std::string> module_releases;  ///< names under /lib/modules
    std::optional<bool> xen_tools;             ///< xl and xenstored (or oxenstored)
    std::string xen_tools_version;             ///< "4.17"; empty: not known
    std::string fstab_root;                    ///< first field of the line for "/"; empty: no such line
    std::string below;                         ///< the folder in which a whole root file system lies; empty: none
    std::string inside;                        ///< the one file of the root, where it holds another file system
    std::string inside_kind;                   ///< "an ext2, ext3 or ext4 file system", "a tar"
    std::vector<std::string> xl_lacks{};       ///< what xl needs when it runs and is not there: "/var/log/xen"
    std::vector<XlGuestFacts> xl_guests{};     ///< that start with dom0
    std::optional<bool> init_dom0less{};       ///< the tool that gives dom0less guests their xenstore
};

/// A file that a guest's boot module points at.
struct GuestModuleFacts : LoadedFile {
    enum class Kind : std::uint8_t { kernel, ramdisk, other };
    std::string module;  ///< path of the module's node
    std::string domain;  ///< path of the guest's
    Kind kind = Kind::other;
    ImageKind image = ImageKind::unknown;         ///< of a kernel
    std::uint64_t reg_size = 0;                   ///< bytes that the module's reg claims
    std::map<std::string, std::string> config{};  ///< of a kernel that has its own inside (IKCONFIG)
    std::vector<std::string> needs_iommu{};       ///< of a device tree: host devices that are given with an IOMMU only
    std::vector<std::string> forced{};            ///< and those that are given without one
};

/// What an EFI program of the card starts.
struct EfiFacts {
    std::string program;               ///< "EFI/BOOT/BOOTAA64.EFI"; empty: there is none
    std::string config;                ///< "EFI/BOOT/grub.cfg"; empty: none was found
    std::string entry;                 ///< of its menu, or its section
    std::vector<std::string> missing;  ///< files that it names and that are not there, with the place
    std::string bare_linux;            ///< release of a Linux that is started without Xen; empty: Xen is, or nothing
    std::string other_with_xen;        ///< a menu entry that starts Xen where the chosen one does not
};

struct BootScenario {
    std::optional<XenFacts> xen;
    std::optional<KernelFacts> kernel;
    std::map<ModuleKind, LoadedFile> modules;  ///< beside the kernel
    std::vector<GuestModuleFacts> guest_modules;
    std::optional<DeviceTreeFacts> device_tree;
    std::vector<OverlayFacts> overlays;  ///< in the order of their application
    std::vector<Placement> placements;
    std::optional<UBootFacts> uboot;
    std::optional<SavedEnvironmentFacts> saved_environment;
    std::optional<ScriptFacts> script;
    std::optional<EfiFacts> efi;
    bool nothing_to_run = false;  ///< U-Boot would find neither a script nor extlinux.conf nor a saved bootcmd
    std::optional<FirmwareFacts> firmware;
    std::optional<DiskFacts> disk;
    std::optional<RootFacts> root;

    /// The command lines as Xen and dom0 will see them (docs/misc/arm/device-tree/booting.txt in Xen).
    std::optional<std::string> xen_bootargs;
    std::optional<std::string> dom0_bootargs;
    /// The value of dom0_mem on boards of this many bytes, where the script chooses it by the board; empty:
    /// it is what xen_bootargs says on all of them.
    std::map<std::uint64_t, std::string> dom0_mem_of_board;

    /// Null where none was loaded.
    const LoadedFile* module(ModuleKind kind) const {
        const auto found = modules.find(kind);
        return found == modules.end() ? nullptr : &found->second;
    }
};

/// Where Xen runs: where booti moves it to before it starts it: the next place whose distance from text_offset is a
/// multiple of 2 MiB (U-Boot arch/arm/lib/image.c booti_setup). Its address where the header is not known.
std::uint64_t xen_runs_at(const XenFacts& xen);

/// The last value of `key` that the board takes ([all], [pi4], ...); nothing where no line sets it.
std::optional<std::string> config_value(const FirmwareFacts& firmware, std::string_view key);
/// Every value of a key that may stand more than once (dtoverlay, dtparam).
std::vector<std::string> config_values(const FirmwareFacts& firmware, std::string_view key);

/// Whether there is to be a dom0: false only where the device tree has guests and no module but theirs.
bool has_dom0(const BootScenario& scenario);

/// Whether an overlay of config.txt puts the PL011 on the header in the mini UART's place.
bool header_has_pl011(const FirmwareFacts& firmware);

/// Every rule applied; sorted by severity (errors first), then by id.
std::vector<Diagnostic> judge(const BootScenario& scenario);

}  // namespace rpixen
