#pragma once

#include <atomic>
#include <cstdint>

namespace rpixen::test {

/// The calls that can be made to fail, each with all names it has in the C library.
enum class Call : std::uint32_t {
    write,
    pwrite,
    pwritev,
    fallocate,
    copy_file_range,
    fsync,
    fchmod,
    link,
    rename,
    ftruncate,
    close,
    open,
    mmap,
    read,
    pread,
    thread,
    unlink,
    memory,  ///< that operator new asks for, from main() on
    count
};

inline constexpr const char* call_names[] = {"write",  "pwrite", "pwritev", "fallocate", "copy_file_range", "fsync",
                                             "fchmod", "link",   "rename",  "ftruncate", "close",           "open",
                                             "mmap",   "read",   "pread",   "thread",    "unlink",          "memory"};
static_assert(sizeof call_names / sizeof *call_names == static_cast<std::size_t>(Call::count));

/// What is done instead of a call, or before it.
enum class Effect : std::uint32_t {
    none,
    error,        ///< `value` is the errno
    short_count,  ///< half of what was asked for
    signal        ///< `value` is sent to the process, then the call is made
};

/// Lies in a file that the driver and the program under test map, so that it outlives whatever ends the
/// program.
struct ShimState {
    // The driver's order.
    Call call = Call::count;  ///< count: any call but `memory`
    std::uint32_t place = 0;  ///< the first is 1; 0: none
    bool and_later = false;   ///< every call from that place on
    Effect effect = Effect::none;
    int value = 0;
    bool refuse_unnamed = false;  ///< O_TMPFILE is not supported

    // What the shim saw.
    std::atomic<bool> started{false};
    std::atomic<std::uint32_t> counts[static_cast<std::size_t>(Call::count) + 1]{};  ///< the last: any
    std::atomic<std::uint32_t> injected{0};
};

inline constexpr const char* shim_variable = "RPIXEN_FAULTS";  ///< names the mapped file

}  // namespace rpixen::test
