#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/partition_output.hpp"

namespace rpixen {

/// Writes buffers to a partition on a thread of its own, in the order given, while the caller fills the next
/// one. Where the system gives no thread the caller writes.
class WriteBehind {
  public:
    WriteBehind(PartitionOutput& partition, std::size_t buffer_size);
    /// Writes what was given before; a failure is lost unless finish() was called.
    ~WriteBehind();
    WriteBehind(const WriteBehind&) = delete;
    WriteBehind& operator=(const WriteBehind&) = delete;

    /// A buffer of the given size, with old bytes in it; waits while all are on their way. Throws what a
    /// write threw.
    Bytes take();
    /// Writes the bytes [begin, end) of a buffer to `offset`.
    void put(Bytes buffer, std::uint64_t offset, std::size_t begin, std::size_t end);
    /// Waits until everything is written. Throws what a write threw.
    void finish();

  private:
    struct Job {
        Bytes buffer;
        std::uint64_t offset = 0;
        std::size_t begin = 0;
        std::size_t end = 0;
    };

    void run() noexcept;
    void write(const Job& job) noexcept;
    void rethrow();

    static constexpr std::size_t buffer_count = 3;

    PartitionOutput& partition_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Bytes> free_;
    std::deque<Job> jobs_;
    bool writing_ = false;
    bool ended_ = false;
    std::exception_ptr failure_;
    std::thread thread_;
};

}  // namespace rpixen
