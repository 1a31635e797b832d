#include "artifact/guest_disk.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

class GuestDisk_ : public testing::Test {
  protected:
    GuestDisk_() {
        folder_.write("tree/etc/hostname", "guest\n");
        folder_.write("tree/data", std::string(100'000, 'd'));
        guest_.name = "db";
        guest_.disk = ArtifactReference{"tree", folder_ / "tree", {}, {}};
    }
    GuestDisk made() { return make_guest_disk(manifest_, guest_, {folder_.path(), 1700000000}, {}); }
    /// The disk as dom0 will see it.
    std::string written(const GuestDisk& disk) {
        std::string bytes(disk.size, '\0');
        const Bytes packed = read_all(disk.content);
        std::size_t from = 0;
        for (const DataRun& run : disk.runs) {
            std::memcpy(bytes.data() + run.logical, packed.data() + from, run.length);
            from += run.length;
        }
        EXPECT_EQ(from, packed.size());
        return folder_.write("disk.img", bytes);
    }

    test::TemporaryFolder folder_;
    Manifest manifest_;
    Guest guest_;
};

TEST_F(GuestDisk_, OfAFolderIsASoundExt4WithIt) {
    const GuestDisk disk = made();
    const std::string file = written(disk);
    test::run_ok({"e2fsck", "-fn", file});
    EXPECT_EQ(test::run_ok({"debugfs", "-R", "cat /etc/hostname", file}), "guest\n");
    EXPECT_EQ(test::run_ok({"debugfs", "-R", "cat /data", file}), std::string(100'000, 'd'));
    EXPECT_LT(disk.content.size, 2 * MiB) << "what is free is a hole";
    EXPECT_GT(disk.size, 64 * MiB);
}

TEST_F(GuestDisk_, IsTheSameInEveryRun) {
    const std::string first = test::read_file(written(made()));
    EXPECT_EQ(test::read_file(written(made())), first);
    guest_.name = "other";
    EXPECT_NE(test::read_file(written(made())), first) << "two guests' disks have two identifiers";
}

TEST_F(GuestDisk_, OfATarIsTheSameAsOfItsFolder) {
    test::run_ok({"tar", "-C", folder_ / "tree", "--owner=0", "--group=0", "--numeric-owner", "-czf",
                  folder_ / "t.tar.gz", "."});
    guest_.disk->resolved = folder_ / "t.tar.gz";
    const std::string file = written(made());
    test::run_ok({"e2fsck", "-fn", file});
    EXPECT_EQ(test::run_ok({"debugfs", "-R", "cat /etc/hostname", file}), "guest\n");
}

TEST_F(GuestDisk_, OfAnExt4IsThatVeryOne) {
    test::run_ok({"mke2fs", "-q", "-t", "ext4", "-d", folder_ / "tree", folder_ / "given.ext4", "8M"});
    guest_.disk->resolved = folder_ / "given.ext4";
    const GuestDisk disk = made();
    EXPECT_EQ(disk.size, 8 * MiB);
    EXPECT_EQ(test::read_file(written(disk)), test::read_file(folder_ / "given.ext4"));
}

TEST_F(GuestDisk_, OfAnythingElseIsRefused) {
    guest_.disk->resolved = folder_ / "tree/data";
    try {
        made();
        FAIL() << "made";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
    }
}

}  // namespace
}  // namespace rpixen
