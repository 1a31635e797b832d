#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Two calls must not have one serial line.
// Exceptions: Error, and where the system gives no memory or no thread std::bad_alloc and std::system_error;
// name_of(), parse_boot_stage() and parse_guest_goal() throw no Error. Callbacks: those of progress.hpp alone.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/export.h>
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
RPIXEN_API const char* name_of(BootStage stage) noexcept;
/// Nothing where no stage has that name.
RPIXEN_API std::optional<BootStage> parse_boot_stage(std::string_view name);

/// What is waited for of a guest (docs/guests.md).
struct GuestGoal {
    std::string name;    ///< in the manifest; "domU1" where the card does not say, the first that Xen starts
    bool login = false;  ///< until it asks for a login; otherwise its console's first line

    /// "guest:web", "guest-login:web".
    RPIXEN_API std::string word() const;
};
/// Of such a word; nothing for any other.
RPIXEN_API std::optional<GuestGoal> parse_guest_goal(std::string_view word);

/// What a serial console tells of a boot.
struct BootVerdict {
    bool ok = false;                      ///< it came as far as was asked
    BootStage reached = BootStage::none;  ///< the last stage that was seen
    std::optional<BootStage> failed;      ///< the stage that did not come about
    std::string cause;                    ///< why, in words; empty where ok
    std::string evidence;                 ///< the console's line that tells; may be empty
    std::vector<std::string> rules;       ///< ids of diagnostics that explain it, the likeliest first; may be empty
    std::string change;                   ///< what to change; may be empty

    /// Evidence, change and rules for a person, a line each.
    RPIXEN_API std::string text() const;
};

struct StageTime {
    BootStage stage = BootStage::none;
    double seconds = 0;   ///< since the boot was started
    std::string guest{};  ///< "guest:web", "guest-login:web": what a guest came to, instead of `stage`

    /// The stage's name or the guest's word.
    RPIXEN_API std::string name() const;
};

/// A boot that was watched.
struct BootResult : BootVerdict {
    bool timed_out = false;
    double seconds = 0;  ///< in all
    std::string guest;   ///< "guest:web", where a guest was waited for
    std::vector<StageTime> stages;
    std::vector<std::string> edits;  ///< what was changed in the view for the emulator's sake
    std::string qemu;                ///< "QEMU emulator version 10.0.2"; empty for a real board
    std::string serial;              ///< the serial line of a real board; empty for an emulated one
    std::string log;                 ///< as in the request

    /// For a person, several lines.
    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};

/// The terminal that an attended boot is wired to: descriptors of a terminal or of pipes.
struct BootConsole {
    int input = 0;
    int output = 1;
    char leave = '\x1d';  ///< the key that ends the boot: Ctrl-]. Ctrl-A is left to Xen.
};

/// Watches a real board through a serial line (115,200 baud, 8N1).
struct BoardRequest {
    std::string device;                  ///< "/dev/ttyUSB0"
    std::string power_command;           ///< for sh -c, switches the board off and on; empty: a person does
    BootStage until = BootStage::login;  ///< where an unattended boot has done its work
    std::optional<GuestGoal> guest{};    ///< instead of `until`
    std::chrono::seconds timeout{300};   ///< for an unattended boot
    std::string log;                     ///< file that gets all serial output; empty: none is kept
};

/// Watches unattended. A board that does not boot is a result, not an exception. Ends at `until`, at a failure
/// that is final, or at the timeout. Throws Error{io} for a device that is no serial line, Error{unavailable}
/// where the power command fails, Error{usage, cancelled}.
RPIXEN_API BootResult watch_board_until(const BoardRequest& request, const Supervision& supervision = {});

/// Wires the serial line to `console` until the leave key, the end of `input`, or the line's end. `until` and
/// `timeout` do not matter. Throws as watch_board_until().
RPIXEN_API BootResult watch_board_on_console(const BoardRequest& request, const BootConsole& console,
                                             const Supervision& supervision = {});

struct StageLine {
    BootStage stage = BootStage::none;
    std::uint64_t line = 0;  ///< of the log, from 1
};

/// What a saved log of a serial console tells of the card's boot.
struct LogReading : BootVerdict {
    std::uint64_t line = 0;   ///< of the evidence, from 1; 0 without evidence
    std::uint64_t boots = 0;  ///< that the log holds
    std::uint64_t boot = 0;   ///< the one that all of this is about, from 1
    std::uint64_t lines = 0;  ///< of the log
    std::vector<StageLine> stages;
};

/// Reads a log as minicom, screen, tio or a forum's paste have it: with time stamps, colours and carriage returns, with
/// lines lost, with several boots. A log of several boots is about the last one that has a cause; where none has, about
/// the last. `path` may be "-" for standard input. Throws Error{artifact} for what is no log, Error{io, cancelled}.
RPIXEN_API LogReading read_boot_log(const std::string& path, const Supervision& supervision = {});

}  // namespace rpixen
