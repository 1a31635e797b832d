#include "verify/compare_images.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

#include <rpixen/error.hpp>

#include "base/host_signals.hpp"
#include "base/text.hpp"
#include "verify/compare_trees.hpp"
#include "verify/file_digest.hpp"
#include "verify/recorded_digests.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t small_file = 64 * KiB;
constexpr unsigned most_threads = 4;

/// Collects differences of one thing.
class Judge {
  public:
    Judge(std::vector<Difference>& differences, std::string partition, std::string path)
        : differences_(differences), partition_(std::move(partition)), path_(std::move(path)) {}

    void compare(const std::string& what, const std::string& expected, const std::string& found) {
        if (expected != found) differences_.push_back({partition_, path_, what, expected, found});
    }
    void compare(const std::string& what, std::uint64_t expected, std::uint64_t found) {
        compare(what, std::to_string(expected), std::to_string(found));
    }

  private:
    std::vector<Difference>& differences_;
    std::string partition_;
    std::string path_;
};

/// A content whose digest is to be compared.
struct Job {
    std::string partition;
    const FileTree* expected_tree = nullptr;
    const FileTree* found_tree = nullptr;
    FilePair files;
    Content expected;  ///< without trees: the contents themselves
    Content found;

    std::uint64_t position() const { return found_tree ? found_tree->content(files.found).position : found.position; }
    std::string path() const { return expected_tree ? expected_tree->path_of(files.expected) : "partition"; }
    std::uint64_t size() const { return expected_tree ? expected_tree->content(files.expected).size : expected.size; }
};

/// Compares contents on several threads, the caller's among them.
class ContentComparison {
  public:
    /// `cut`: the image ends too early, so that what cannot be read is its fault and not the system's.
    ContentComparison(std::vector<Job> jobs, bool cut, const Supervision& supervision)
        : jobs_(std::move(jobs)), cut_(cut), stop_(supervision.cancel), supervision_{supervision.progress, &stop_} {}

    void run(Verification& verification) {
        std::uint64_t total = 0;
        for (const Job& job : jobs_) total += job.size();
        supervision_.begin(Phase::verifying, total);
        std::stable_sort(jobs_.begin(), jobs_.end(),
                         [](const Job& a, const Job& b) { return a.position() < b.position(); });
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
        verification.bytes += found_bytes_;
        std::sort(differences_.begin(), differences_.end(), [](const Difference& a, const Difference& b) {
            return std::tie(a.partition, a.path) < std::tie(b.partition, b.path);
        });
        verification.differences.insert(verification.differences.end(), differences_.begin(), differences_.end());
    }

  private:
    void work(const Supervision& supervision) {
        try {
            for (std::size_t index = next_++; index < jobs_.size(); index = next_++) {
                supervision.check();
                compare(jobs_[index], supervision);
                done_ += jobs_[index].size();
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
        const auto digest = [&](const FileTree* tree, NodeId node, const Content& content, auto& read) {
            return tree ? file_digest(*tree, node, supervision, read) : content_digest(content, supervision, read);
        };
        const Sha256Digest expected = digest(job.expected_tree, job.files.expected, job.expected, expected_bytes);
        std::string found;
        try {
            found = "sha256 " + hex(digest(job.found_tree, job.files.found, job.found, found_bytes_));
        } catch (const Error& error) {
            if (error.code() != ErrorCode::artifact && !(cut_ && error.code() == ErrorCode::io)) throw;
            found = std::string("unreadable: ") + error.what();
        }
        const std::string wanted = "sha256 " + hex(expected);
        if (found == wanted) return;
        const std::lock_guard lock(mutex_);
        differences_.push_back({job.partition, job.path(), "content", wanted, found});
    }

    std::vector<Job> jobs_;
    bool cut_;
    CancelToken stop_;  ///< also of the threads whose work another's failure made needless
    Supervision supervision_;
    std::atomic<std::size_t> next_{0};
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> found_bytes_{0};
    std::mutex mutex_;
    std::vector<Difference> differences_;
    std::exception_ptr failure_;
};

void compare_table_entry(const Partition& expected, const Partition& found, std::vector<Difference>& differences) {
    Judge judge(differences, expected.name, "partition table");
    judge.compare("first byte", expected.range.begin, found.range.begin);
    judge.compare("size", expected.range.size(), found.range.size());
    judge.compare("type", "0x" + hex_number(expected.mbr_type, 2), "0x" + hex_number(found.mbr_type, 2));
    judge.compare("active", expected.active ? "yes" : "no", found.active ? "yes" : "no");
}

/// False where the file system is of another kind, so that nothing in it can be compared.
bool compare_file_system(const Partition& expected, const Partition& found, std::vector<Difference>& differences) {
    Judge judge(differences, expected.name, "file system");
    judge.compare("kind", expected.file_system_name(), found.file_system_name());
    if (expected.file_system_name() != found.file_system_name()) return false;
    judge.compare("label", expected.label_on_disk(), found.label_on_disk());
    judge.compare("identifier", expected.identifier(), found.identifier());
    return true;
}

}  // namespace

Verification compare_images(const Card& expected, const CardReading& reading, const Content& disk, VerifyForm form,
                            const Supervision& supervision) {
    Verification verification;
    verification.notes = reading.notes;
    const Card& found = reading.card;
    Judge image(verification.differences, {}, "image");
    image.compare("size", expected.size, disk.size);
    Judge table(verification.differences, {}, "partition table");
    table.compare("disk signature", "0x" + hex_number(expected.disk_signature, 8),
                  "0x" + hex_number(found.disk_signature, 8));
    table.compare("number of partitions", expected.partitions.size(), found.partitions.size());

    std::vector<Job> jobs;
    const std::size_t common = std::min(expected.partitions.size(), found.partitions.size());
    for (std::size_t index = 0; index < common; ++index) {
        const Partition& want = expected.partitions[index];
        const Partition& have = found.partitions[index];
        compare_table_entry(want, have, verification.differences);
        for (Difference fault : reading.faults) {
            if (fault.partition != have.name) continue;
            fault.partition = want.name;
            verification.differences.push_back(std::move(fault));
        }
        if (want.copied()) {
            if (form != VerifyForm::full || want.range.begin + want.copied()->content.size > disk.size) continue;
            jobs.push_back({want.name,
                            nullptr,
                            nullptr,
                            {},
                            want.copied()->content,
                            {disk.source, disk.position + want.range.begin, want.copied()->content.size}});
            continue;
        }
        if (!compare_file_system(want, have, verification.differences)) continue;
        supervision.check();
        TreeComparison trees = compare_trees(want.name, want.fat() != nullptr, want.tree, have.tree);
        verification.files += trees.entries;
        std::move(trees.differences.begin(), trees.differences.end(), std::back_inserter(verification.differences));
        for (const FilePair& pair : trees.files) {
            const std::uint64_t size = want.tree.size(pair.expected);
            const bool decides_boot = want.fat() && size <= small_file;
            if (size > 0 && (form == VerifyForm::full || decides_boot))
                jobs.push_back({want.name, &want.tree, &have.tree, pair, {}, {}});
        }
    }
    for (const Difference& fault : reading.faults)
        if (fault.partition.empty()) verification.differences.push_back(fault);
    ContentComparison(std::move(jobs), disk.size < expected.size, supervision).run(verification);
    return verification;
}

}  // namespace rpixen
