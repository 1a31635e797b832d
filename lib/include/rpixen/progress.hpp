#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

namespace rpixen {

/// Told about long work. Called from one thread at a time; must not throw.
class ProgressSink {
  public:
    virtual ~ProgressSink() = default;
    /// A phase begins ("reading", "writing", "verifying"); `total` is in bytes, 0 where it is not known
    /// beforehand.
    virtual void begin(std::string_view phase, std::uint64_t total) noexcept = 0;
    /// `done` bytes of the phase are behind us; never falls within a phase.
    virtual void advance(std::uint64_t done) noexcept = 0;
    /// Something the user should know that is no failure ("KVM is broken, using TCG").
    virtual void note(std::string_view text) noexcept = 0;
};

/// A request to stop, safe to set from a signal handler or another thread.
class CancelToken {
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

    void begin(std::string_view phase, std::uint64_t total) const noexcept {
        if (progress) progress->begin(phase, total);
    }
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
