#include "backend/guestfs/launch.hpp"

#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include <rpixen/error.hpp>

#include "backend/guestfs/watched_work.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen::guestfs {
namespace {

// The first start on a machine also builds the appliance from the host's packages (supermin), some 10 s.
constexpr std::chrono::seconds kvm_limit{90};
constexpr std::chrono::seconds tcg_limit{600};
constexpr std::size_t log_limit = 64 * 1024;

/// What the library, QEMU and the appliance said; for messages.
struct Log {
    std::string text;
};

void keep_log(guestfs_h*, void* opaque, uint64_t, int, int, const char* text, size_t length, const uint64_t*, size_t) {
    try {
        std::string& log = static_cast<Log*>(opaque)->text;
        log.append(text, length);
        if (log.empty() || log.back() != '\n') log += '\n';
        if (log.size() > log_limit) log.erase(0, log.size() - log_limit);
    } catch (const std::exception&) {
        // A log that is cut short is no reason to fail.
    }
}

struct Prepared {
    std::unique_ptr<Log> log = std::make_unique<Log>();
    Handle handle;  ///< writes to the log until its callback is deleted
    int callback = -1;
};

Prepared prepare(const std::vector<Disk>& disks, bool emulate) {
    load_library();
    Prepared prepared;
    prepared.handle.reset(guestfs_create());
    guestfs_h* const g = prepared.handle.get();
    if (!g)
        throw Error(ErrorCode::unavailable, "libguestfs cannot be used", std::generic_category().message(errno),
                    "a valid LIBGUESTFS_... environment", {});
    silence(g);
    const uint64_t said = GUESTFS_EVENT_APPLIANCE | GUESTFS_EVENT_LIBRARY | GUESTFS_EVENT_WARNING;
    prepared.callback = guestfs_set_event_callback(g, keep_log, said, 0, prepared.log.get());
    check(g, prepared.callback, "listen to libguestfs");
    check(g, guestfs_set_backend(g, "direct"), "choose libguestfs' backend");
    // A talking appliance: its words explain a failed launch, and on Debian 12 without KVM a silent one
    // ("quiet") was seen to hang for ever in its start where the talking one was up in 12 s.
    check(g, guestfs_set_verbose(g, 1), "make the appliance talk");
    // A Ctrl-C at the terminal is for this program alone; it ends the appliance itself.
    check(g, guestfs_set_pgroup(g, 1), "set the appliance's process group");
    if (emulate) check(g, guestfs_set_backend_setting(g, "force_tcg", "1"), "turn KVM off");
    for (const Disk& disk : disks)
        check(g,
              guestfs_add_drive_opts(g, disk.path.c_str(), GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw",
                                     GUESTFS_ADD_DRIVE_OPTS_READONLY, disk.read_only ? 1 : 0, -1),
              "attach the image");
    return prepared;
}

struct Attempt {
    Handle handle;      ///< null where the launch failed
    std::string error;  ///< libguestfs' last message then
    std::string log;
};

Attempt attempt_launch(const std::vector<Disk>& disks, bool emulate, const Supervision& supervision) {
    Prepared prepared = prepare(disks, emulate);
    guestfs_h* const g = prepared.handle.get();
    int result = -1;
    WatchedWork launching;
    Attempt attempt;
    launching.work = [&] {
        silence(g);
        result = guestfs_launch(g);
        const char* const error = result == 0 ? nullptr : guestfs_last_error(g);
        // The first line says it; what follows is advice on how to debug libguestfs.
        if (error) attempt.error = std::string_view(error).substr(0, std::string_view(error).find('\n'));
    };
    launching.stop = [](pid_t worker, int) { kill_children_of(worker); };
    launching.limit = emulate ? tcg_limit : kvm_limit;
    if (run_watched(launching, supervision) == WorkEnd::timed_out) {
        attempt.error = "it did not come up within " + std::to_string(launching.limit->count() / 1000) + " s";
    } else if (result == 0) {
        guestfs_set_verbose(g, 0);
        guestfs_delete_event_callback(g, prepared.callback);
        attempt.handle = std::move(prepared.handle);
    }
    attempt.log = std::move(prepared.log->text);
    return attempt;
}

/// The last line that says something.
std::string last_line(std::string_view log) {
    while (!log.empty() && std::isspace(static_cast<unsigned char>(log.back()))) log.remove_suffix(1);
    const std::size_t start = log.rfind('\n');
    return std::string(start == std::string_view::npos ? log : log.substr(start + 1));
}

/// Where a virtual machine did not come up: what QEMU complained of, not how libguestfs tidied up afterwards.
std::string complaint(std::string_view log) {
    while (!log.empty()) {
        const std::string_view line = log.substr(0, log.find('\n'));
        log.remove_prefix(std::min(log.size(), line.size() + 1));
        if (!line.starts_with("qemu")) continue;
        for (const std::string_view word : {"error", "failed", "Could not", "could not", "cannot"})
            if (line.find(word) != std::string_view::npos) return std::string(line);
    }
    return {};
}

std::string first_line_with(const std::string& log, std::string_view word) {
    const std::size_t place = log.find(word);
    if (place == std::string::npos) return {};
    std::size_t start = log.rfind('\n', place);
    start = start == std::string::npos ? 0 : start + 1;
    return log.substr(start, log.find('\n', place) - start);
}

}  // namespace

std::string why_no_kvm() {
    const FileDescriptor device(::open("/dev/kvm", O_RDWR | O_CLOEXEC));
    if (!device) return "/dev/kvm: " + std::generic_category().message(errno);
    if (::ioctl(device.get(), KVM_GET_API_VERSION, 0) != KVM_API_VERSION) return "/dev/kvm has another interface";
    const FileDescriptor machine(::ioctl(device.get(), KVM_CREATE_VM, 0));
    if (!machine) return "KVM makes no machine: " + std::generic_category().message(errno);
    const FileDescriptor processor(::ioctl(machine.get(), KVM_CREATE_VCPU, 0));
    if (!processor) return "KVM makes no processor: " + std::generic_category().message(errno);
    return {};
}

Error explain_launch_failure(const std::string& last_error, const std::string& log, const std::string& boot) {
    const std::string cannot = "the libguestfs appliance cannot start because ";
    const std::string
        kernel_package = "install a kernel (on Debian: apt-get install linux-image-amd64 or linux-image-arm64)";
    const auto mentions = [&](std::string_view word) {
        return last_error.find(word) != std::string::npos || log.find(word) != std::string::npos;
    };
    if (mentions("cannot find any suitable libguestfs"))
        return Error(ErrorCode::unavailable, cannot + "there is no supermin appliance", last_error,
                     "the files that libguestfs' package brings, or a fixed appliance named by LIBGUESTFS_PATH",
                     "install libguestfs again (on Debian: apt-get install --reinstall libguestfs0)");
    if (mentions("supermin")) {
        std::vector<std::string> unreadable;
        bool any = false;
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(boot, ignored)) {
            const std::string name = entry.path().filename().string();
            if (name.rfind("vmlinuz", 0) != 0 && name.rfind("vmlinux", 0) != 0) continue;
            any = true;
            if (::access(entry.path().c_str(), R_OK) != 0) unreadable.push_back(entry.path().string());
        }
        std::sort(unreadable.begin(), unreadable.end());
        if (!any)
            return Error(ErrorCode::unavailable, cannot + "there is no kernel in " + boot, last_error,
                         "a Linux kernel with its modules for the appliance", kernel_package);
        if (!unreadable.empty())
            return Error(ErrorCode::unavailable, cannot + "the kernel " + unreadable.front() + " is not readable",
                         "a file that only root can read", "a kernel in " + boot + " that this user can read",
                         "sudo chmod a+r " + unreadable.front());
        const std::string reason = first_line_with(log, "supermin:");
        return Error(ErrorCode::unavailable, cannot + "supermin cannot build it", reason.empty() ? last_error : reason,
                     "a kernel in " + boot + " with its modules in /lib/modules", kernel_package);
    }
    if (last_error.find("No such file or directory") != std::string::npos)
        return Error(ErrorCode::unavailable, cannot + "QEMU is missing", last_error, {},
                     "install it (on Debian: apt-get install qemu-system-x86, or qemu-system-arm on arm64)");
    const std::string said = last_line(log);
    return Error(ErrorCode::unavailable, cannot + last_error, said, {},
                 "run libguestfs-test-tool for the whole story, or use the direct back end");
}

Launched launch(const std::vector<Disk>& disks, const Supervision& supervision) {
    Launched launched;
    const auto tell = [&](std::string note) {
        supervision.note(note);
        launched.notes.push_back(std::move(note));
    };

    std::string obstacle;
    {
        const Prepared probe = prepare({}, false);
        const Text forced(guestfs_get_backend_setting(probe.handle.get(), "force_tcg"));
        if (forced && std::string_view(forced.get()) == "1") obstacle = "LIBGUESTFS_BACKEND_SETTINGS asks for it";
    }
    if (obstacle.empty()) obstacle = why_no_kvm();
    if (obstacle.empty()) {
        Attempt attempt = attempt_launch(disks, false, supervision);
        if (attempt.handle) {
            launched.handle = std::move(attempt.handle);
            return launched;
        }
        const std::string said = complaint(attempt.log);
        obstacle = "KVM is broken: " + (said.empty() ? attempt.error : said);
    }
    Attempt attempt = attempt_launch(disks, true, supervision);
    if (!attempt.handle) throw explain_launch_failure(attempt.error, attempt.log);
    tell("the appliance runs without KVM, which is slow (" + obstacle + ")");
    launched.handle = std::move(attempt.handle);
    return launched;
}

}  // namespace rpixen::guestfs
