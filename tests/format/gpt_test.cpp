#include "format/gpt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/size.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class Gpt : public testing::Test {
  protected:
    Gpt() {
        std::filesystem::resize_file(path, 4 * MiB);
        test::run_ok({"sgdisk", "--disk-guid=11112222-3333-4444-5555-666677778888", "--new=1:2048:4095",
                      "--typecode=1:ef00", "--change-name=1:b\xc3\xb6\xc3\xb6t",
                      "--partition-guid=1:AAAABBBB-CCCC-DDDD-EEEE-FFFF00001111", "--attributes=1:set:2",
                      "--new=3:4096:5000", "--typecode=3:8300", path});
    }
    void spoil(std::uint64_t place) const {
        std::string bytes = test::read_file(path);
        bytes[place] = static_cast<char>(bytes[place] ^ 1);
        static_cast<void>(folder.write("disk.img", bytes));
    }
    std::optional<GuidPartitionTable> read() const {
        const auto file = InputFile::open_file(path);
        return read_gpt(*file->open(0), file->size());
    }

    const test::TemporaryFolder folder;
    const std::string path = folder.write("disk.img", "");
};

TEST_F(Gpt, ReadsWhatSgdiskWrote) {
    const auto gpt = read();
    ASSERT_TRUE(gpt);
    EXPECT_THAT(gpt->faults, IsEmpty());
    EXPECT_FALSE(gpt->from_backup);
    EXPECT_EQ(gpt->disk_guid, "11112222-3333-4444-5555-666677778888");
    ASSERT_EQ(gpt->partitions.size(), 2U);
    const GptPartition& first = gpt->partitions[0];
    EXPECT_EQ(first.number, 1);
    EXPECT_EQ(first.type, "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    EXPECT_EQ(first.guid, "aaaabbbb-cccc-dddd-eeee-ffff00001111");
    EXPECT_EQ(first.first_sector, 2048U);
    EXPECT_EQ(first.sectors, 2048U);
    EXPECT_EQ(first.attributes, 4U);
    EXPECT_EQ(first.name, "b\xc3\xb6\xc3\xb6t");
    EXPECT_EQ(gpt->partitions[1].number, 3);
    EXPECT_EQ(gpt->partitions[1].type, "0fc63daf-8483-4772-8e79-3d69d8477de4");
    EXPECT_EQ(gpt->partitions[1].sectors, 905U);
}

TEST_F(Gpt, TakesTheBackupWhereTheFirstIsDamaged) {
    spoil(1024 + 40);
    const auto gpt = read();
    ASSERT_TRUE(gpt);
    EXPECT_TRUE(gpt->from_backup);
    EXPECT_EQ(gpt->partitions.size(), 2U);
    EXPECT_THAT(gpt->faults, Contains(HasSubstr("first copy of the GUID partition table: the CRC of its entries")));
}

TEST_F(Gpt, SeesADamagedBackup) {
    spoil(4 * MiB - 512 + 60);
    const auto gpt = read();
    ASSERT_TRUE(gpt);
    EXPECT_FALSE(gpt->from_backup);
    EXPECT_THAT(gpt->faults, Contains(HasSubstr("backup of the GUID partition table: the CRC of its header")));
}

TEST_F(Gpt, SeesADiskThatWasEnlarged) {
    std::filesystem::resize_file(path, 8 * MiB);
    EXPECT_THAT(read()->faults, Contains(HasSubstr("not at the end of the disk")));
}

TEST_F(Gpt, NamesTheFaultsWhereNothingIsUsable) {
    spoil(512 + 60);
    spoil(4 * MiB - 512 + 60);
    const auto gpt = read();
    ASSERT_TRUE(gpt);
    EXPECT_THAT(gpt->partitions, IsEmpty());
    EXPECT_EQ(gpt->faults.size(), 2U);
}

TEST_F(Gpt, OtherDisksHaveNone) {
    static_cast<void>(folder.write("disk.img", std::string(4096, 'x')));
    EXPECT_FALSE(read());
    static_cast<void>(folder.write("disk.img", "x"));
    EXPECT_FALSE(read());
}

}  // namespace
}  // namespace rpixen
