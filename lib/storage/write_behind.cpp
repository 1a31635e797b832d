#include "storage/write_behind.hpp"

#include <system_error>
#include <utility>

#include "base/host_signals.hpp"

namespace rpixen {

WriteBehind::WriteBehind(PartitionOutput& partition, std::size_t buffer_size) : partition_(partition) {
    for (std::size_t number = 0; number < buffer_count; ++number) free_.emplace_back(buffer_size);
    try {
        thread_ = start_thread([this] { run(); });
    } catch (const std::system_error&) {
        // put() writes.
    }
}

WriteBehind::~WriteBehind() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

Bytes WriteBehind::take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !free_.empty(); });
    rethrow();
    Bytes buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
}

void WriteBehind::put(Bytes buffer, std::uint64_t offset, std::size_t begin, std::size_t end) {
    Job job{std::move(buffer), offset, begin, end};
    if (!thread_.joinable()) {
        write(job);
        free_.push_back(std::move(job.buffer));
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    changed_.notify_all();
}

void WriteBehind::finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return jobs_.empty() && !writing_; });
    rethrow();
}

void WriteBehind::rethrow() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

/// After a failure the rest is only handed back.
void WriteBehind::write(const Job& job) noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (failure_) return;
    }
    try {
        partition_.write(job.offset, ByteView(job.buffer).subspan(job.begin, job.end - job.begin));
    } catch (...) {
        const std::lock_guard lock(mutex_);
        failure_ = std::current_exception();
    }
}

void WriteBehind::run() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return !jobs_.empty() || ended_; });
        if (jobs_.empty()) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        writing_ = true;
        lock.unlock();
        write(job);
        lock.lock();
        writing_ = false;
        free_.push_back(std::move(job.buffer));
        changed_.notify_all();
    }
}

}  // namespace rpixen
