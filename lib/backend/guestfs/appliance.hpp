#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "backend/guestfs/library.hpp"
#include "base/handle.hpp"

namespace rpixen::guestfs {

inline void close_handle(guestfs_h* handle) {
    guestfs_close(handle);
}
using Handle = rpixen::Handle<guestfs_h, close_handle>;
/// What libguestfs allocates with malloc for its caller.
using Text = rpixen::Handle<char, free>;

/// A raw disk for the appliance, opened by its path.
struct Disk {
    std::string path;
    bool read_only = false;
};

/// libguestfs' small virtual machine with some disks, running. Its kernel is the host's, its programs are the
/// host's. With KVM where it works, otherwise emulated (TCG); the user is told through Supervision::note and
/// notes().
class Appliance {
  public:
    /// Throws Error{unavailable} saying why the appliance cannot start, Error{cancelled}.
    Appliance(const std::vector<Disk>& disks, const Supervision& supervision);
    ~Appliance();
    Appliance(const Appliance&) = delete;
    Appliance& operator=(const Appliance&) = delete;

    const std::vector<std::string>& notes() const { return notes_; }

    /// Runs `work` against the appliance while progress is shown and Ctrl-C is heeded. `done` counts bytes.
    /// Throws Error{cancelled} and what `work` throws.
    void run(const std::function<void(guestfs_h*)>& work, const Supervision& supervision,
             const std::atomic<std::uint64_t>* done = nullptr);

    /// Ends the appliance in an orderly way, so that every byte is in the disks' files. Throws Error{io}.
    void shut_down(const Supervision& supervision);

  private:
    Handle handle_;
    std::vector<std::string> notes_;
    pid_t process_ = -1;
};

// libguestfs keeps its last error and error handler for each thread.

/// Keeps libguestfs from printing errors of the calling thread.
void silence(guestfs_h* handle);
/// Throws Error{io}, or Error{cancelled} for an operation that was stopped on request, with libguestfs' own
/// words where `result` is -1. `doing` completes "cannot ...".
void check(guestfs_h* handle, int result, const std::string& doing);
[[noreturn]] void throw_guestfs(guestfs_h* handle, const std::string& doing);

}  // namespace rpixen::guestfs
