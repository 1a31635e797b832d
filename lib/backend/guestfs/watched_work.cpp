#include "backend/guestfs/watched_work.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <condition_variable>
#include <exception>
#include <fstream>
#include <mutex>
#include <thread>

#include <rpixen/error.hpp>

namespace rpixen::guestfs {
namespace {

constexpr std::chrono::milliseconds watch_interval{50};
constexpr std::chrono::milliseconds stop_interval{1000};

}  // namespace

WorkEnd run_watched(const WatchedWork& watched, const Supervision& supervision) {
    supervision.check();
    std::mutex mutex;
    std::condition_variable ended;
    bool has_ended = false;
    std::exception_ptr failure;
    std::atomic<pid_t> worker_id{0};

    std::thread worker([&] {
        worker_id = static_cast<pid_t>(::syscall(SYS_gettid));
        try {
            watched.work();
        } catch (...) {
            failure = std::current_exception();
        }
        const std::lock_guard lock(mutex);
        has_ended = true;
        ended.notify_one();
    });

    const auto start = std::chrono::steady_clock::now();
    auto next_stop = start;
    int attempts = 0;
    bool cancelled = false;
    bool timed_out = false;
    {
        std::unique_lock lock(mutex);
        while (!ended.wait_for(lock, watch_interval, [&] { return has_ended; })) {
            const auto now = std::chrono::steady_clock::now();
            cancelled = cancelled || (supervision.cancel && supervision.cancel->cancelled());
            timed_out = timed_out || (watched.limit && now - start > *watched.limit);
            if (!cancelled && !timed_out) {
                if (watched.done) supervision.advance(watched.done->load(std::memory_order_relaxed));
            } else if (now >= next_stop && worker_id != 0) {
                watched.stop(worker_id, attempts++);
                next_stop = now + stop_interval;
            }
        }
    }
    worker.join();
    if (cancelled) throw Error(ErrorCode::cancelled, "stopped on request");
    if (timed_out) return WorkEnd::timed_out;
    if (failure) std::rethrow_exception(failure);
    if (watched.done) supervision.advance(watched.done->load(std::memory_order_relaxed));
    return WorkEnd::finished;
}

void kill_children_of(pid_t thread) noexcept {
    try {
        // proc(5): the children that this very thread has started (CONFIG_PROC_CHILDREN).
        std::ifstream list("/proc/self/task/" + std::to_string(thread) + "/children");
        for (pid_t child = 0; list >> child;) ::kill(child, SIGKILL);
    } catch (const std::exception&) {
        // Without memory for a path there is nothing to kill with; the next attempt comes soon.
    }
}

}  // namespace rpixen::guestfs
