#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rpixen/manifest.hpp>

#include "base/bytes.hpp"
#include "base/size.hpp"
#include "board/module.hpp"

namespace rpixen {

/// A module that the script loads.
struct ModuleLoad {
    std::string variable;  ///< "load_guest_web_kernel"
    std::string file;
    Range range;  ///< exact
};

/// Every number and text of a boot script. Addresses come from the MemoryMap.
struct ScriptPlan {
    ScriptFlavour flavour = ScriptFlavour::checked;
    std::string bootargs;
    std::vector<std::pair<std::string, std::string>> env;
    std::uint64_t xen = 0;                ///< addresses
    std::map<ModuleKind, Range> modules;  ///< exact: the sizes are checked at boot; the kernel is among them
    std::vector<ModuleLoad> guests;       ///< after dom0's modules
    /// Where the tree that Xen gets stands; nothing: ${fdt_addr}, as the original has it.
    std::optional<std::uint64_t> tree;
    std::vector<std::string> overlays;  ///< names of those that U-Boot applies
    std::uint64_t overlay_scratch = 0;
    std::uint64_t tree_as_loaded = 0;              ///< checked, with overlays: where the untouched tree stands
    std::uint64_t tree_length = 0;                 ///< checked, with overlays: the copy's total size
    std::optional<std::uint64_t> resize_argument;  ///< classic, with overlays: nothing is a bare `fdt resize`
    /// dom0_mem "auto" or "rest": a board's memory and what dom0 gets of it, in bytes, the smallest board
    /// first; empty:
    /// Xen's command line in the device tree has it.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> dom0_mem;
    std::string xen_bootargs;  ///< then: Xen's command line without dom0_mem
    /// Checked: the boards' type codes (${board_rev}) and their trees' names on the card; empty: the card has
    /// one tree for every board.
    std::vector<std::pair<unsigned, std::string>> board_trees;
    std::string moved;  ///< "dom0 kernel 0x480000 -> 0xa00000 (xen-reaches-next)"; may be empty
};

/// U-Boot reads at most 64 KiB of a script (boot/bootmeth_script.c).
inline constexpr std::uint64_t max_script_size = 64 * KiB;

/// The text of boot.scr, from uboot-env/checked.env or uboot-env/classic.env. Throws one Error{unfit} for
/// values that U-Boot's shell cannot hold between single quotes, or where the script gets too large.
std::string render_script(const ScriptPlan& plan);

/// The script as U-Boot loads it: boot.scr, a legacy image of type script. `time` in seconds since 1970.
Bytes pack_script(std::string_view text, std::uint32_t time, std::string_view name);

/// A template with its values: a line that begins with "?flag " or "!flag " stays only where the flag is or
/// is not set,
/// "@name@" is replaced. A name without value throws Error{internal}. For tests.
std::string fill_template(std::string_view text, const std::vector<std::pair<std::string, std::string>>& values,
                          const std::vector<std::string>& flags);

}  // namespace rpixen
