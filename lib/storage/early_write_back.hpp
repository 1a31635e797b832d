#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace rpixen {

/// Has the system bring to the disk what was written to a file while more is being written, so that fsync(2) in the end
/// has less to wait for (sync_file_range(2)). Only starts it, on a thread of its own; where the system gives none,
/// fsync does it all. docs/decisions/0006-data-path.md has the measurements.
class EarlyWriteBack {
  public:
    /// The descriptor outlives it.
    explicit EarlyWriteBack(int descriptor);
    ~EarlyWriteBack();
    EarlyWriteBack(const EarlyWriteBack&) = delete;
    EarlyWriteBack& operator=(const EarlyWriteBack&) = delete;

    /// So many more bytes were written. May be called by any thread.
    void note(std::uint64_t bytes);

  private:
    void run() noexcept;

    int descriptor_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t written_ = 0;  ///< since it was last started
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace rpixen
