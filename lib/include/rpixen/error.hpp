#pragma once

// Threads: values: one object may be read from any number of threads, and changed by one that is alone with it; an
// Error may be caught in another thread (std::exception_ptr). Exceptions: std::bad_alloc alone, where an Error is
// made. Callbacks: none.

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <rpixen/export.h>

namespace rpixen {

/// The class of a failure. The value is the program's exit status (docs/exit-codes.md).
enum class ErrorCode : int {
    internal = 1,      ///< a bug in this program
    usage = 2,         ///< the command line
    manifest = 3,      ///< the manifest
    artifact = 4,      ///< an input artifact: missing, damaged, of the wrong kind, hostile
    unfit = 5,         ///< the parts do not fit together, or the card could not boot
    io = 6,            ///< reading or writing failed: full disk, no permission, changed while read
    verification = 7,  ///< an image does not hold what it should
    unavailable = 8,   ///< a back end or tool is not built in or cannot start
    cancelled = 130,   ///< the caller asked to stop (128 + SIGINT)
};

/// Where in an input a problem lies. Empty strings and zeros mean "not known".
struct Location {
    std::string file;     ///< path as the user wrote it
    std::string pointer;  ///< JSON pointer (RFC 6901) or member name inside `file`
    int line = 0;         ///< from 1
    int column = 0;       ///< from 1, in bytes

    friend bool operator==(const Location&, const Location&) = default;
};

/// One mistake, in the words of the one who has to mend it.
struct Problem {
    std::string message;    ///< what is wrong, without a full stop
    std::string found{};    ///< what was found; may be empty
    std::string allowed{};  ///< what would have been right; may be empty
    std::string change{};   ///< what to change; may be empty
    Location location{};
    std::string rule{};    ///< id of the diagnostic that found it ("memory-overlap"); empty for none
    int system_error = 0;  ///< errno of the system call that failed; 0 for none

    /// "file:line:column: pointer: message [rule]; found F; allowed A; C" on one line.
    RPIXEN_API std::string text() const;
};

/// The only exception this library throws on purpose. A stage collects its problems and throws once.
class RPIXEN_API Error : public std::runtime_error {
  public:
    Error(ErrorCode code, Problem problem);
    /// `problems` must not be empty.
    Error(ErrorCode code, std::vector<Problem> problems);
    /// Shorthand for a single problem.
    Error(ErrorCode code, std::string message, std::string found = {}, std::string allowed = {},
          std::string change = {});

    ErrorCode code() const noexcept { return code_; }
    const std::vector<Problem>& problems() const noexcept { return problems_; }
    /// What was being done, innermost first ("reading rootfs.tar", "composing sdcard.img").
    const std::vector<std::string>& context() const noexcept { return context_; }
    /// Adds what was being done and returns *this, for `catch (Error& e) { e.add_context(...); throw; }`.
    Error& add_context(std::string what);

  private:
    ErrorCode code_;
    std::vector<Problem> problems_;
    std::vector<std::string> context_;
};

/// The stable word for a code in --json output: "manifest", "artifact", ...
RPIXEN_API const char* name_of(ErrorCode code) noexcept;

}  // namespace rpixen
