#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <rpixen/console.hpp>
#include <rpixen/progress.hpp>

#include "console/serial_line.hpp"

namespace rpixen {

/// Throws Error{usage} where the log cannot be a file of its own beside `other`: opening it empties it.
void check_log(const std::string& log, const std::string& other);

/// How an unattended watch ends.
struct Patience {
    BootStage until = BootStage::login;
    std::optional<GuestGoal> guest{};  ///< instead of `until`
    unsigned guest_number = 0;         ///< Xen's, from 1; 0 for one of xl
    std::chrono::seconds timeout{300};
};

/// Listens to a boot until `patience` ends. `result` has what is known beforehand: edits, qemu, serial, and the log's
/// name, which is opened. Throws Error{io, cancelled} and what the line throws.
BootResult watch_until(SerialLine& line, const Patience& patience, BootResult result, const Supervision& supervision);

/// The same with a person at `console`, until the leave key, the end of its input or of the line.
BootResult watch_on_console(SerialLine& line, const BootConsole& console, BootResult result,
                            const Supervision& supervision);

}  // namespace rpixen
