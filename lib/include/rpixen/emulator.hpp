#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error. Callbacks: those of progress.hpp alone. QEMU is a process
// of its own that ends with the call.

#include <chrono>
#include <optional>
#include <string>

#include <rpixen/export.h>
#include <rpixen/console.hpp>
#include <rpixen/progress.hpp>

namespace rpixen {

/// Boots a card image in QEMU's raspi4b. The image is never changed: QEMU sees a throw-away view of it.
struct BootRequest {
    std::string image;                          ///< a card image, raw or compressed
    BootStage until = BootStage::login;         ///< where an unattended boot has done its work
    std::optional<GuestGoal> guest{};           ///< instead of `until`
    std::chrono::seconds timeout{300};          ///< for an unattended boot
    std::string log;                            ///< file that gets all serial output; empty: none is kept
    std::string qemu = "qemu-system-aarch64";   ///< the program, looked up in PATH
    std::string temporary_folder = "/var/tmp";  ///< for the view, in an unnamed file
};

/// Boots unattended. A card that does not boot is a result, not an exception. Ends at `until`, at a failure
/// that is final, or at the timeout; no QEMU outlives the call, nor this process. Throws Error{artifact} for
/// an image that is no card, or has no guest of that name, Error{unavailable} without a fit QEMU, Error{io, cancelled}.
RPIXEN_API BootResult boot_until(const BootRequest& request, const Supervision& supervision = {});

/// Boots with the serial console on `console` until the leave key, the end of `input`, or QEMU's end. `until`
/// and `timeout` do not matter. Throws as boot_until().
RPIXEN_API BootResult boot_on_console(const BootRequest& request, const BootConsole& console,
                                      const Supervision& supervision = {});

}  // namespace rpixen
