#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include <rpixen/progress.hpp>

namespace rpixen::guestfs {

/// Work on a thread of its own, while the calling thread shows its progress and watches for a request to
/// stop: libguestfs' calls block for as long as the appliance works, and the appliance knows nothing of the
/// caller's cancel token.
struct WatchedWork {
    std::function<void()> work;
    /// Asks the work to return early: called again and again, `attempt` counting from 0, until it does.
    /// `worker` is the thread's id. Must not throw.
    std::function<void(pid_t worker, int attempt)> stop;
    const std::atomic<std::uint64_t>* done = nullptr;  ///< progress in bytes, may be null
    std::optional<std::chrono::milliseconds> limit{};  ///< the work is stopped when it takes longer
};

enum class WorkEnd { finished, timed_out };

/// Returns when the work has ended and passes its exception on. Throws Error{cancelled} where the caller
/// asked to stop, whatever the work made of it.
WorkEnd run_watched(const WatchedWork& watched, const Supervision& supervision);

/// Kills (SIGKILL) the child processes that a thread of this process started and that still run.
void kill_children_of(pid_t thread) noexcept;

}  // namespace rpixen::guestfs
