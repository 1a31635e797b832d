#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <functional>
#include <new>

#include <rpixen/console.hpp>
#include <rpixen/manifest.hpp>
#include <rpixen/report.hpp>

#include "fs/ext4/health.hpp"
#include "fs/ext4/reader.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"
#include "verify/verification_report.hpp"

// Each allocation of a piece of work fails once, and with all that follow. std::bad_alloc is what a caller may see; a
// destructor that needs memory ends the process by std::terminate, which says so. Nothing may crash, and no sound file
// system may be called damaged for it.
//
// nlohmann::json 3.11.2 leaves an object or an array without its storage where a null value that becomes one by
// operator[] or push_back() finds no memory, and reads it when it is destroyed.

namespace {

std::atomic<long> before_failure{-1};  ///< allocations that are still had; below 0: all
std::atomic<bool> and_later{false};
std::atomic<bool> failed{false};

void* allocate(std::size_t size) {
    if (before_failure == 0) {
        if (!and_later) before_failure = -1;
        failed = true;
        throw std::bad_alloc();
    }
    if (before_failure > 0) --before_failure;
    void* place = std::malloc(size);
    if (!place) throw std::bad_alloc();
    return place;
}

}  // namespace

void* operator new(std::size_t size) {
    return allocate(size);
}
void operator delete(void* place) noexcept {
    std::free(place);
}
void operator delete(void* place, std::size_t) noexcept {
    std::free(place);
}

namespace rpixen {
namespace {

enum Ending {
    made = 0,
    refused = 6,
    terminated = 7,
    wrong = 8,
    made_without = 9  ///< the same although an allocation failed: std::stable_sort, for one, needs none
};

/// Of a process of its own in which the allocation after `count` others fails.
int ending(const std::function<std::string()>& work, const std::string& expected, long count, bool later) {
    const pid_t process = ::fork();
    if (process == 0) {
        std::set_terminate([] { ::_exit(terminated); });
        and_later = later;
        before_failure = count;
        try {
            const std::string text = work();
            ::_exit(text != expected ? wrong : failed ? made_without : made);
        } catch (const std::bad_alloc&) {
            ::_exit(refused);
        }
    }
    int status = 0;
    ::waitpid(process, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void expect_no_crash(const std::function<std::string()>& work) {
    const std::string expected = work();
    ASSERT_FALSE(expected.empty());
    for (const bool later : {false, true}) {
        int refusals = 0;
        for (long count = 0;; ++count) {
            const int end = ending(work, expected, count, later);
            if (end == made) break;
            EXPECT_TRUE(end == refused || end == terminated || end == made_without)
                << "allocation " << count << (later ? " and later" : "") << ": " << end;
            refusals += end == refused ? 1 : 0;
            ASSERT_LT(count, 10'000);
        }
        EXPECT_GT(refusals, later ? 0 : 10);
    }
}

TEST(WithoutMemory, ACrashIsSeen) {
    const auto work = []() -> std::string {
        try {
            return std::string(1000, 'x');
        } catch (const std::bad_alloc&) {
            std::raise(SIGSEGV);
            throw;
        }
    };
    EXPECT_EQ(ending(work, std::string(1000, 'x'), 0, false), -SIGSEGV);
    EXPECT_EQ(ending(work, std::string(1000, 'x'), 1, false), made);
}

TEST(WithoutMemory, VerificationReport) {
    const Card card = parse_verification_report(
        R"({"verification_report": 1, "size": 1048576, "disk_signature": "0x00000001", "partitions": [
  {"name": "root", "offset": 512, "size": 512, "type": "0x83", "active": false, "file_system": "ext4", "label": "r",
   "identifier": "00010203-0405-0607-0809-0a0b0c0d0e0f", "files": [
    {"path": "/", "type": "directory", "mode": "0755", "uid": 0, "gid": 0, "mtime": 0,
     "xattrs": [{"name": "user.a", "value_hex": "00ff"}, {"name": "user.b", "value_hex": "01"}]},
    {"path": "/null", "type": "character device", "mode": "0666", "uid": 0, "gid": 0, "mtime": 1, "major": 1, "minor": 3},
    {"path": "/link", "type": "symlink", "mode": "0777", "uid": 0, "gid": 0, "mtime": 1, "target": "somewhere/else"}]}]})",
        "report.json");
    expect_no_crash([&] { return make_verification_report(card, {}, nullptr); });
}

TEST(WithoutMemory, Manifest) {
    Manifest manifest;
    manifest.env = {{"bootdelay", "0"}, {"preboot", "usb start; run something that is long enough"}};
    manifest.addresses = {{"xen", 0x200000}};
    manifest.boot_label = "PI";
    manifest.boot_size = std::uint64_t{64} << 20;
    manifest.root_label = "system";
    manifest.rootfs.resize(1);
    manifest.owners = {OwnerRow{"/etc/some/file/with/a/name", 1, 2, 0600, {}}};
    manifest.network = Network{"xenbr0", "eth0", {}};
    expect_no_crash([&] { return manifest_json(manifest); });
}

TEST(WithoutMemory, BootResult) {
    BootResult result;
    result.stages.resize(2);
    result.rules = {"one-rule", "another-rule-with-a-longer-name"};
    expect_no_crash([&] { return result.json(); });
}

TEST(WithoutMemory, Report) {
    Report report;
    report.partitions.resize(2);
    report.partitions[0].files.resize(2);
    report.boards.resize(1);
    report.domains.resize(1);
    report.diagnostics.resize(1);
    report.artifacts.resize(2);
    report.extents.resize(2);
    expect_no_crash([&] { return report.json(); });
}

std::string sound_ext4(const test::TemporaryFolder& folder) {
    folder.write("files/etc/hostname", "pi");
    folder.write("files/large", std::string(100'000, 'x'));
    const std::string path = folder / "image";
    test::run_ok({"mke2fs", "-q", "-F", "-t", "ext4", "-d", folder / "files", path, "1M"});
    return path;
}

TEST(WithoutMemory, ASoundFileSystemIsNotCalledDamaged) {
    const test::TemporaryFolder folder;
    const Content image = InputFile::open_file(sound_ext4(folder))->content();
    expect_no_crash([&] {
        std::vector<Problem> problems;
        std::vector<std::string> unproven;
        check_ext4(image.source, {0, image.size}, problems, unproven, {});
        EXPECT_TRUE(problems.empty());
        return std::string(problems.empty() ? "sound" : "");
    });
    expect_no_crash([&] {
        std::vector<Problem> damages;
        const FileTree tree = read_ext4(image.source, {0, image.size}, damages);
        return std::string(tree.find("/etc/hostname") && damages.empty() ? "sound" : "");
    });
}

}  // namespace
}  // namespace rpixen
