#pragma once

// Threads: a CancelToken may be shared by any threads and calls, and cancel() called in a signal handler. A
// ProgressSink is called from one thread at a time, which need not be the caller's; two calls at once need two sinks,
// or one that locks. Exceptions: a sink's functions must not throw; check() throws Error{cancelled} alone. Callbacks:
// the work waits for a sink, so it should be quick; it may call cancel(), but not the call that it hears of.

#include <atomic>
#include <cstdint>
#include <string_view>

#include <rpixen/export.h>

namespace rpixen {

/// A part of long work.
enum class Phase : std::uint8_t {
    reading,    ///< the root file system's layers
    unpacking,  ///< a compressed image
    copying,    ///< a prebuilt file system
    writing,    ///< the image
    examining,  ///< an image that is verified
    verifying,
    packing,   ///< a release: compressing, and all digests
    syncing,   ///< until the disk has the image
    starting,  ///< the guestfs back end's appliance
    stopping,  ///< the same
};

/// "reading", "unpacking", ...
RPIXEN_API const char* name_of(Phase phase) noexcept;

/// A phase that begins.
struct PhaseStart {
    Phase phase = Phase::reading;
    std::string_view subject{};  ///< a partition's name, or empty; valid during the call only
    std::uint64_t total = 0;     ///< bytes; 0 where it is not known beforehand
    /// The part of a compose that this phase takes, 0 to 1, as it was measured once: reading, writing, examining,
    /// verifying and syncing add up to 1. A run that leaves a phase out, or has others, is divided by what its own add
    /// up to.
    double share = 0;
};

/// Told about long work. Called from one thread at a time; must not throw.
class RPIXEN_API ProgressSink {
  public:
    virtual ~ProgressSink() = default;
    virtual void begin(const PhaseStart& start) noexcept = 0;
    /// `done` bytes of the phase are behind us; never falls within a phase.
    virtual void advance(std::uint64_t done) noexcept = 0;
    /// Something the user should know that is no failure ("KVM is broken, using TCG").
    virtual void note(std::string_view text) noexcept = 0;
};

/// A request to stop, safe to set from a signal handler or another thread.
class RPIXEN_API CancelToken {
  public:
    CancelToken() = default;
    /// For a part of a work: hears `whole` too, which may be null and outlives this.
    explicit CancelToken(const CancelToken* whole) noexcept : whole_(whole) {}

    void cancel() noexcept { cancelled_.store(true, std::memory_order_relaxed); }
    bool cancelled() const noexcept {
        return cancelled_.load(std::memory_order_relaxed) || (whole_ && whole_->cancelled());
    }
    /// Throws Error{cancelled} once cancel() was called.
    void check() const;

  private:
    const CancelToken* whole_ = nullptr;
    std::atomic<bool> cancelled_{false};
    static_assert(std::atomic<bool>::is_always_lock_free);
};

/// What long work reports to and listens to. Both pointers may be null; the pointees outlive the work.
struct Supervision {
    ProgressSink* progress = nullptr;
    const CancelToken* cancel = nullptr;

    RPIXEN_API void begin(Phase phase, std::uint64_t total, std::string_view subject = {}) const noexcept;
    void advance(std::uint64_t done) const noexcept {
        if (progress) progress->advance(done);
    }
    void note(std::string_view text) const noexcept {
        if (progress) progress->note(text);
    }
    /// Throws Error{cancelled} when the caller asked to stop.
    void check() const {
        if (cancel) cancel->check();
    }
};

}  // namespace rpixen
