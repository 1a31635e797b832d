#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "faults/fault_table.hpp"

// Disks that are really full, of blocks or of inodes, and one process: what only root can set up.

namespace rpixen::test {
namespace {

using testing::HasSubstr;

/// A tmpfs of its own over a folder.
class SmallDisk {
  public:
    SmallDisk(std::string folder, const std::string& options) : folder_(std::move(folder)) {
        if (::mount("none", folder_.c_str(), "tmpfs", 0, options.c_str()) != 0)
            throw std::runtime_error(std::string("this test has to be root, to mount a small disk: ") +
                                     std::strerror(errno));
    }
    ~SmallDisk() { ::umount(folder_.c_str()); }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

  private:
    std::string folder_;
};

class FullDisk : public testing::TestWithParam<Setting> {
  protected:
    /// Composes into a folder that is mounted with the options, with other files in it.
    Outcome compose_on(const std::string& options) {
        const SmallDisk disk(bench_.out(""), options);
        bench_.copy_older();
        const Outcome outcome = bench_.compose({});
        EXPECT_EQ(bench_.judge(outcome), "") << options;
        return outcome;
    }
    FaultBench bench_{GetParam()};
};

TEST_P(FullDisk, OfBlocks) {
    FaultTable table;
    bool full = false;
    // From room for the older pair alone to room for both.
    const int older = static_cast<int>(bench_.kibibytes_of_older());
    for (int kibibytes = older + 16; kibibytes < 2 * older + 4096; kibibytes += older / 24) {
        const Outcome outcome = compose_on("size=" + std::to_string(kibibytes) + "k");
        full = full || outcome.run.status == 6;
        table.add("tmpfs of a size", 26, outcome, outcome.run.status == 0 ? Pair::newer : Pair::older);
    }
    EXPECT_TRUE(full);
    EXPECT_EQ(compose_on("size=1g").run.status, 0);
    std::cout << GetParam().text() << '\n' << table.text();
}

TEST_P(FullDisk, OfInodes) {
    FaultTable table;
    // The folder, the older pair, and none to a few more.
    for (int inodes = 3; inodes <= 8; ++inodes) {
        const Outcome outcome = compose_on("nr_inodes=" + std::to_string(inodes));
        table.add("tmpfs of " + std::to_string(inodes) + " inodes", 1, outcome,
                  outcome.run.status == 0 ? Pair::newer : Pair::older);
        if (inodes == 3) {
            EXPECT_EQ(outcome.run.status, 6);
            EXPECT_THAT(outcome.run.err, HasSubstr("No space left on device"));
        }
        if (inodes == 8) {
            EXPECT_EQ(outcome.run.status, 0) << outcome.run.err;
        }
    }
    std::cout << GetParam().text() << '\n' << table.text();
}

/// Of a user who may have one process, and no thread beside it. Root may have any number, so it is another's.
TEST(Limits, OneProcessIsEnough) {
    const FaultBench bench{Setting{.packed = true}};
    const std::string user = "61234";  // who has no other processes
    const Outcome outcome = bench.compose_after("chmod 777 '" + bench.out("") + "' && chmod 755 '" + bench.out("..") +
                                                "' && exec prlimit --nproc=1 setpriv --reuid=" + user +
                                                " --regid=" + user + " --clear-groups ");
    EXPECT_EQ(outcome.run.status, 0) << outcome.run.err;
    EXPECT_EQ(bench.judge(outcome), "");
}

INSTANTIATE_TEST_SUITE_P(, FullDisk,
                         testing::Values(Setting{.unnamed = true, .packed = false},
                                         Setting{.unnamed = false, .packed = true}),
                         [](const auto& of) { return of.param.unnamed ? "Unnamed" : "Named"; });

}  // namespace
}  // namespace rpixen::test
