#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "board/board_model.hpp"
#include "follow/uboot/memory.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// A text that U-Boot's shell runs.
struct UBootScriptText {
    std::string file;  ///< "boot.scr", for messages
    std::string text;
};

/// A partition of the card as U-Boot sees it.
struct UBootPartition {
    unsigned number = 0;            ///< from 1
    std::uint64_t first_block = 0;  ///< of 512 bytes
    std::uint64_t blocks = 0;
    std::string uuid;         ///< PARTUUID
    std::string name;         ///< in a GPT; an MBR's partitions are called mmcsda1, mmcsda2 ...
    std::string file_system;  ///< "fat", "ext4"; empty: none that U-Boot reads
    bool bootable = false;    ///< active, or the EFI system partition
};

/// What U-Boot has in its hands when it starts a script.
struct UBootStart {
    int version = 0;                                 ///< 202301 for v2023.01; 0: not known, taken for a new one
    std::map<std::string, std::string> environment;  ///< the default one, or the saved one
    /// The file at `path` of a partition of the card (counted from 1); nothing where it is not there.
    std::function<std::optional<Content>(unsigned partition, const std::string& path)> find_file;
    /// Of the card; empty: not known, any number is taken for one.
    std::vector<UBootPartition> partitions;
    /// What the card is called: mmc 0, unless an alias in the firmware's tree says something else.
    unsigned card_number = 0;
    /// Where the script was found; what ${distro_bootpart} and ${prefix} say.
    unsigned script_partition = 1;
    std::string script_prefix = "/";
    /// What the firmware left at ${fdt_addr}. U-Boot keeps a copy for itself at ${fdtcontroladdr}.
    std::optional<Content> firmware_tree;
    /// The board that it runs on.
    const BoardModel* board = &raspberry_pi_4b();
    /// Its memory in bytes: 1 to 8 GiB.
    std::uint64_t board_memory = 1 * GiB;
    /// What the standard boot (`bootflow scan`, `run distro_bootcmd`) would find.
    std::optional<UBootScriptText> boot_script;
    /// Makes the significant step of that number fail, as if the file were not readable.
    unsigned fail_step = std::numeric_limits<unsigned>::max();
};

/// A command that was run, in the order of running.
struct UBootStep {
    std::string text;   ///< expanded
    std::string place;  ///< "line 3", "in load_xen"
    bool succeeded = true;
    bool significant = false;  ///< a load, or a change of the device tree: what the boot needs
};

/// What a script came to.
struct UBootRun {
    UBootMemory memory;
    std::map<std::string, std::string> environment;  ///< at the end, or when booti ran
    std::vector<UBootStep> steps;
    struct Booti {
        std::string image, initrd, tree;  ///< arguments, expanded; empty where not given
        bool has_tree = false;            ///< a sound tree lies at `tree`
    };
    std::optional<Booti> booti;  ///< the one that started something, or the last that was tried
    bool started = false;        ///< booti had an image and a tree, or bootefi a program
    struct Bootefi {
        std::string file;
        unsigned partition = 0;
    };
    std::optional<Bootefi> bootefi;  ///< the EFI program that was started
    std::vector<std::string> syntax_errors;
    std::vector<std::string> missing_files;     ///< "Image (line 3)"; not those a script may do without
    std::vector<std::string> optional_files;    ///< tried under an if or before ||, and not there
    std::vector<std::string> fixed_devices;     ///< "mmc 0:1 (line 3)"
    std::vector<std::string> absent_devices;    ///< "mmc 1:1 (line 3)": a device, or a partition, that is not there
    std::vector<std::string> optional_devices;  ///< the same, tried under an if or before ||
    std::vector<std::string> carriage_returns;  ///< "line 3": lines that end in one; "uEnv.txt" imported with them
    std::vector<std::string> decimal_numbers;   ///< "fdt resize 1024 (line 4)"
    std::vector<std::string> missing_nodes;     ///< "/scb/... (line 5)"
    std::vector<std::string> refused_images;    ///< "xen at 0x200000 (line 9)", by bootm
    std::vector<std::string> unfollowed;        ///< "bootefi ... (line 9)"
    bool loads_tree_to_fdt_addr = false;
    bool uses_fdt_addr = false;
    std::string console;     ///< what echo, printenv and the shell itself print, as far as it is kept
    std::uint64_t work = 0;  ///< bytes that were expanded, read and edited
};

/// Runs a script as U-Boot's shell would, as far as it is understood, with the loads noted in memory and
/// overlays applied for real. It ends for every script: steps, depth, the bytes of variables and of work are
/// bounded, and a bound that is met is in `unfollowed`. Nothing is written anywhere. Throws Error{io} where a
/// file cannot be read, nothing for a bad script.
UBootRun run_uboot(const UBootStart& start, const UBootScriptText& script);

/// The steps whose failure the script does not notice: each is made to fail in turn, and the run goes on all
/// the same.
std::vector<std::string> unchecked_steps(const UBootStart& start, const UBootScriptText& script, const UBootRun& good);

}  // namespace rpixen
