#include "verify/compare_contents.hpp"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>

#include <rpixen/error.hpp>

#include "base/host_signals.hpp"
#include "base/size.hpp"
#include "verify/file_digest.hpp"

namespace rpixen {
namespace {

constexpr unsigned most_threads = 4;

/// Two contents whose digests are to be compared: a file of a tree, or a partition where `in_tree` is not set.
struct Job {
    bool in_tree = false;
    std::uint32_t index = 0;  ///< of ContentsToCompare's trees or partitions
    FilePair files;
};

/// The work of several threads, the caller's among them.
class Work {
  public:
    Work(const ContentsToCompare& contents, const Supervision& supervision)
        : contents_(contents), stop_(supervision.cancel), supervision_{supervision.progress, &stop_} {
        for (std::uint32_t index = 0; index < contents.trees.size(); ++index)
            for (const FilePair& pair : contents.trees[index].files) jobs_.push_back({true, index, pair});
        for (std::uint32_t index = 0; index < contents.partitions.size(); ++index) jobs_.push_back({false, index, {}});
    }

    ContentComparison run() {
        std::uint64_t total = 0;
        for (const Job& job : jobs_) total += size(job);
        supervision_.begin(Phase::verifying, total);
        std::stable_sort(jobs_.begin(), jobs_.end(),
                         [&](const Job& a, const Job& b) { return position(a) < position(b); });
        const unsigned wanted = std::clamp(std::thread::hardware_concurrency(), 1U, most_threads);
        std::vector<std::thread> helpers;
        helpers.reserve(most_threads);  // no thread is lost where there is no memory for its place
        try {
            for (unsigned helper = 1; helper < wanted && helper < jobs_.size(); ++helper)
                helpers.push_back(start_thread([this] { work({nullptr, &stop_}); }));
        } catch (const std::system_error&) {
            // The system gives no more threads: those that are there do it.
        }
        work(supervision_);
        for (std::thread& helper : helpers) helper.join();
        if (failure_) std::rethrow_exception(failure_);
        result_.bytes = found_bytes_;
        std::sort(result_.differences.begin(), result_.differences.end(), [](const Difference& a, const Difference& b) {
            return std::tie(a.partition, a.path) < std::tie(b.partition, b.path);
        });
        return std::move(result_);
    }

  private:
    const FilesToCompare& tree(const Job& job) const { return contents_.trees[job.index]; }
    const BytesToCompare& bytes(const Job& job) const { return contents_.partitions[job.index]; }
    std::uint64_t position(const Job& job) const {
        return job.in_tree ? tree(job).found->content(job.files.found).position : bytes(job).found.position;
    }
    std::uint64_t size(const Job& job) const {
        return job.in_tree ? tree(job).expected->content(job.files.expected).size : bytes(job).expected.size;
    }

    void work(const Supervision& supervision) {
        try {
            for (std::size_t index = next_++; index < jobs_.size(); index = next_++) {
                supervision.check();
                compare(jobs_[index], supervision);
                done_ += size(jobs_[index]);
                supervision.advance(done_);
            }
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            stop_.cancel();
        }
    }

    void compare(const Job& job, const Supervision& supervision) {
        std::atomic<std::uint64_t> expected_bytes{0};
        const std::string expected = digest_text(contents_.expected_is_read, contents_.expected_is_cut, [&] {
            return job.in_tree ? file_digest(*tree(job).expected, job.files.expected, supervision, expected_bytes)
                               : content_digest(bytes(job).expected, supervision, expected_bytes);
        });
        const std::string found = digest_text(true, contents_.found_is_cut, [&] {
            return job.in_tree ? file_digest(*tree(job).found, job.files.found, supervision, found_bytes_)
                               : content_digest(bytes(job).found, supervision, found_bytes_);
        });
        if (found == expected) return;
        const std::lock_guard lock(mutex_);
        if (result_.differences.size() >= contents_.most_differences) {
            ++result_.left_out;
            return;
        }
        result_.differences.push_back({job.in_tree ? tree(job).partition : bytes(job).partition,
                                       job.in_tree ? tree(job).expected->path_of(job.files.expected) : "partition",
                                       "content", expected, found});
    }

    /// Where the image is the thing that is looked at, what cannot be read of it is told and no failure.
    template <typename Take>
    static std::string digest_text(bool is_read, bool cut, const Take& take) {
        try {
            return "sha256 " + hex(take());
        } catch (const Error& error) {
            const bool its_fault = error.code() == ErrorCode::artifact || (cut && error.code() == ErrorCode::io);
            if (!is_read || !its_fault) throw;
            return std::string("unreadable: ") + error.what();
        }
    }

    const ContentsToCompare& contents_;
    std::vector<Job> jobs_;
    CancelToken stop_;  ///< also of the threads whose work another's failure made needless
    Supervision supervision_;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> found_bytes_{0};
    std::mutex mutex_;
    ContentComparison result_;
    std::exception_ptr failure_;
};

}  // namespace

bool reads_content(VerifyForm form, bool fat, std::uint64_t size) noexcept {
    constexpr std::uint64_t small_file = 64 * KiB;
    return size > 0 && (form == VerifyForm::full || (fat && size <= small_file));
}

ContentComparison compare_contents(const ContentsToCompare& contents, const Supervision& supervision) {
    return Work(contents, supervision).run();
}

}  // namespace rpixen
