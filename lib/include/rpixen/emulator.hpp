#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/progress.hpp>

namespace rpixen {

/// How far a card came, in the order in which a boot passes them. Recognised by what appears on the serial
/// console.
enum class BootStage : std::uint8_t {
    none,         ///< nothing was heard
    uboot,        ///< U-Boot's banner
    script,       ///< U-Boot executes boot.scr
    device_tree,  ///< the device tree, with its overlays, is handed over by booti
    xen,          ///< Xen's banner
    dom0_kernel,  ///< Linux begins as dom0
    root,         ///< the root file system is mounted
    login,        ///< a getty asks for a login on Xen's console
};

/// "none", "u-boot", "boot.scr", "device-tree", "xen", "dom0-kernel", "root", "login".
const char* name_of(BootStage stage) noexcept;
/// Nothing where no stage has that name.
std::optional<BootStage> parse_boot_stage(std::string_view name);

/// Boots a card image in QEMU's raspi4b. The image is never changed: QEMU sees a throw-away view of it.
struct BootRequest {
    std::string image;                          ///< a card image, raw or compressed
    BootStage until = BootStage::login;         ///< where an unattended boot has done its work
    std::chrono::seconds timeout{300};          ///< for an unattended boot
    std::string log;                            ///< file that gets all serial output; empty: none is kept
    std::string qemu = "qemu-system-aarch64";   ///< the program, looked up in PATH
    std::string temporary_folder = "/var/tmp";  ///< for the view, in an unnamed file
};

struct StageTime {
    BootStage stage = BootStage::none;
    double seconds = 0;  ///< since QEMU was started
};

struct BootResult {
    bool ok = false;                      ///< `until` was reached
    BootStage reached = BootStage::none;  ///< the last stage that was seen
    std::optional<BootStage> failed;      ///< the stage that did not come about
    std::string cause;                    ///< why, in words; empty where ok
    std::string evidence;                 ///< the console's line that tells; may be empty
    bool timed_out = false;
    double seconds = 0;  ///< in all
    std::vector<StageTime> stages;
    std::vector<std::string> edits;  ///< what was changed in the view for the emulator's sake
    std::string qemu;                ///< "QEMU emulator version 10.0.2"
    std::string log;                 ///< as in the request

    /// For a person, several lines.
    std::string text() const;
    std::string json() const;
};

/// Boots unattended. A card that does not boot is a result, not an exception. Ends at `until`, at a failure
/// that is final, or at the timeout; no QEMU outlives the call, nor this process. Throws Error{artifact} for
/// an image that is no card, Error{unavailable} without a fit QEMU, Error{io, cancelled}.
BootResult boot_until(const BootRequest& request, const Supervision& supervision = {});

/// The terminal that an interactive boot is wired to: descriptors of a terminal or of pipes.
struct BootConsole {
    int input = 0;
    int output = 1;
    char leave = '\x1d';  ///< the key that ends the boot: Ctrl-]. Ctrl-A is left to Xen.
};

/// Boots with the serial console on `console` until the leave key, the end of `input`, or QEMU's end. `until`
/// and `timeout` do not matter. Throws as boot_until().
BootResult boot_on_console(const BootRequest& request, const BootConsole& console, const Supervision& supervision = {});

}  // namespace rpixen
