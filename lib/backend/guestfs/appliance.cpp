#include "backend/guestfs/appliance.hpp"

#include <signal.h>

#include <cerrno>

#include <rpixen/error.hpp>

#include "backend/guestfs/launch.hpp"
#include "backend/guestfs/watched_work.hpp"

namespace rpixen::guestfs {

void silence(guestfs_h* handle) {
    guestfs_set_error_handler(handle, nullptr, nullptr);
}

void throw_guestfs(guestfs_h* handle, const std::string& doing) {
    const char* const error = guestfs_last_error(handle);
    if (guestfs_last_errno(handle) == EINTR) throw Error(ErrorCode::cancelled, "stopped on request");
    throw Error(ErrorCode::io, "libguestfs cannot " + doing, error ? error : "no reason given");
}

void check(guestfs_h* handle, int result, const std::string& doing) {
    if (result == -1) throw_guestfs(handle, doing);
}

Appliance::Appliance(const std::vector<Disk>& disks, const Supervision& supervision) {
    supervision.begin(Phase::starting, 0);
    Launched launched = launch(disks, supervision);
    handle_ = std::move(launched.handle);
    notes_ = std::move(launched.notes);
    process_ = guestfs_get_pid(handle_.get());
}

Appliance::~Appliance() {
    // Not shut down: something failed or the caller asked to stop, and what the disks hold is thrown away.
    if (handle_ && process_ > 0) ::kill(process_, SIGKILL);
}

void Appliance::run(const std::function<void(guestfs_h*)>& work, const Supervision& supervision,
                    const std::atomic<std::uint64_t>* done) {
    guestfs_h* const g = handle_.get();
    WatchedWork watched;
    watched.work = [&] {
        silence(g);
        work(g);
    };
    watched.stop = [this, g](pid_t, int attempt) {
        // The polite way reaches transfers only; a kernel that is busy with a write is stopped with its
        // machine.
        guestfs_user_cancel(g);
        if (attempt >= 2 && process_ > 0) ::kill(process_, SIGKILL);
    };
    watched.done = done;
    run_watched(watched, supervision);
}

void Appliance::shut_down(const Supervision& supervision) {
    run([](guestfs_h* g) { check(g, guestfs_shutdown(g), "shut the appliance down"); }, supervision);
    process_ = -1;
    handle_.reset();
}

}  // namespace rpixen::guestfs
