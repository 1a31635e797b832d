// What is told when the appliance cannot start; none of these starts it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "backend/guestfs/launch.hpp"
#include "backend/guestfs/watched_work.hpp"
#include "backend/image_backend.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using guestfs::explain_launch_failure;
using testing::HasSubstr;

void expect_words(const Error& error, const std::string& words, const std::string& change) {
    EXPECT_EQ(error.code(), ErrorCode::unavailable);
    EXPECT_THAT(error.what(), HasSubstr("the libguestfs appliance cannot start because"));
    EXPECT_THAT(error.what(), HasSubstr(words));
    EXPECT_THAT(error.problems()[0].change, HasSubstr(change));
}

TEST(GuestfsLaunch, NoAppliance) {
    expect_words(explain_launch_failure("cannot find any suitable libguestfs supermin, fixed or old-style appliance on "
                                        "LIBGUESTFS_PATH (search path: /x)",
                                        ""),
                 "no supermin appliance", "libguestfs0");
}

TEST(GuestfsLaunch, NoKernel) {
    const test::TemporaryFolder boot;
    boot.write("config-6.1", "");
    expect_words(explain_launch_failure("/usr/bin/supermin exited with error status 1.", "", boot.path()),
                 "there is no kernel in", "linux-image-amd64");
}

TEST(GuestfsLaunch, AnUnreadableKernel) {
    const test::TemporaryFolder boot;
    const std::string kernel = boot.write("vmlinuz-6.1", "");
    ::chmod(kernel.c_str(), 0);
    // Root may read everything; then supermin has another reason.
    const bool readable = ::access(kernel.c_str(), R_OK) == 0;
    expect_words(explain_launch_failure("/usr/bin/supermin exited with error status 1.",
                                        "supermin: failed to find a suitable kernel", boot.path()),
                 readable ? "failed to find a suitable kernel" : kernel + " is not readable",
                 readable ? "install a kernel" : "chmod a+r");
}

TEST(GuestfsLaunch, NoQemu) {
    expect_words(explain_launch_failure("stat: /usr/bin/qemu-system-x86_64: No such file or directory", ""),
                 "QEMU is missing", "qemu-system-x86");
}

TEST(GuestfsLaunch, AnythingElseIsToldAsItIs) {
    expect_words(explain_launch_failure("qemu exited with error status 1", "first\nthe last line\n"), "the last line",
                 "libguestfs-test-tool");
}

TEST(WatchedWork, PassesTheWorksErrorOn) {
    guestfs::WatchedWork watched;
    watched.work = [] { throw Error(ErrorCode::io, "broken"); };
    watched.stop = [](pid_t, int) {};
    EXPECT_THROW(run_watched(watched, {}), Error);
}

TEST(WatchedWork, StopsWorkThatTakesTooLong) {
    std::atomic<bool> stopped{false};
    guestfs::WatchedWork watched;
    watched.work = [&] {
        while (!stopped) ::usleep(1000);
    };
    watched.stop = [&](pid_t, int) { stopped = true; };
    watched.limit = std::chrono::milliseconds(1);
    EXPECT_EQ(run_watched(watched, {}), guestfs::WorkEnd::timed_out);
}

TEST(WatchedWork, StopsOnRequestByKillingWhatTheWorkStarted) {
    CancelToken token;
    guestfs::WatchedWork watched;
    watched.work = [&] {
        const pid_t child = ::fork();
        if (child == 0) {
            ::sleep(600);
            ::_exit(0);
        }
        token.cancel();
        ::waitpid(child, nullptr, 0);
    };
    watched.stop = [](pid_t worker, int) { guestfs::kill_children_of(worker); };
    try {
        run_watched(watched, {nullptr, &token});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

}  // namespace
}  // namespace rpixen
