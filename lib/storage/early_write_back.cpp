#include "storage/early_write_back.hpp"

#include <fcntl.h>

#include <system_error>

#include "base/host_signals.hpp"
#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t step = 16 * MiB;

}  // namespace

EarlyWriteBack::EarlyWriteBack(int descriptor) : descriptor_(descriptor) {
    try {
        thread_ = start_thread([this] { run(); });
    } catch (const std::system_error&) {
        // Then it starts with fsync.
    }
}

EarlyWriteBack::~EarlyWriteBack() {
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void EarlyWriteBack::note(std::uint64_t bytes) {
    {
        const std::lock_guard lock(mutex_);
        written_ += bytes;
        if (written_ < step) return;
    }
    changed_.notify_one();
}

void EarlyWriteBack::run() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return written_ >= step || ended_; });
        if (ended_) return;
        written_ = 0;
        lock.unlock();
        // All of the file: what is under way is passed over. A failure is fsync's to tell.
        static_cast<void>(::sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE));
        lock.lock();
    }
}

}  // namespace rpixen
