#include "format/mbr.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include <filesystem>

#include "base/size.hpp"
#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const MasterBootRecord card{
    0x1234abcd,
    {{1, MbrPartition::fat32_lba, true, 8192, 524288}, {2, MbrPartition::linux_data, false, 532480, 17 * GiB / 512}}};

std::string with_sfdisk(const test::TemporaryFolder& folder, const std::string& script, std::uint64_t size) {
    const std::string path = folder.write("disk.img", "");
    std::filesystem::resize_file(path, size);
    test::run_ok({"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path}, script);
    return path;
}

struct Read {
    std::optional<MasterBootRecord> mbr;
    std::vector<std::string> faults;
};
Read read(const std::string& path) {
    const auto file = InputFile::open_file(path);
    Read result;
    result.mbr = read_mbr(*file->open(0), file->size(), result.faults);
    return result;
}

TEST(Mbr, IsByteForByteSfdisks) {
    const test::TemporaryFolder folder;
    const std::string path = with_sfdisk(folder,
                                         "label: dos\nlabel-id: 0x1234abcd\n"
                                         "start=8192, size=524288, type=c, bootable\n"
                                         "start=532480, size=35651584, type=83\n",
                                         18 * GiB);
    const std::shared_ptr<const InputFile> disk = InputFile::open_file(path);
    EXPECT_EQ(make_mbr(card), read_all({disk, 0, MasterBootRecord::size}));
}

TEST(Mbr, IsAcceptedBySfdisk) {
    const test::TemporaryFolder folder;
    const std::string path = folder.write("disk.img", as_text(make_mbr(card)));
    std::filesystem::resize_file(path, 18 * GiB);
    const test::Run verify = test::run({"sfdisk", "--verify", path});
    EXPECT_EQ(verify.status, 0) << verify.err;
    EXPECT_THAT(verify.out + verify.err, HasSubstr("No errors detected"));
}

TEST(Mbr, IsReadBack) {
    const auto mbr = parse_mbr(make_mbr(card));
    ASSERT_TRUE(mbr);
    EXPECT_EQ(mbr->disk_signature, card.disk_signature);
    EXPECT_EQ(mbr->partitions, card.partitions);
}

TEST(Mbr, LogicalPartitionsAreRead) {
    const test::TemporaryFolder folder;
    const std::string path = with_sfdisk(folder,
                                         "label: dos\n"
                                         "start=2048, size=2048, type=c\n"
                                         "start=4096, size=16384, type=f\n"
                                         "start=6144, size=2048, type=83\n"
                                         "start=10240, size=1024, type=82\n",
                                         16 * MiB);
    const Read result = read(path);
    ASSERT_TRUE(result.mbr);
    EXPECT_THAT(result.faults, IsEmpty());
    EXPECT_THAT(result.mbr->partitions,
                ElementsAre(MbrPartition{1, 0x0c, false, 2048, 2048}, MbrPartition{2, 0x0f, false, 4096, 16384},
                            MbrPartition{5, 0x83, false, 6144, 2048}, MbrPartition{6, 0x82, false, 10240, 1024}));
}

TEST(Mbr, ALogicalPartitionOutsideItsContainerIsNamed) {
    const test::TemporaryFolder folder;
    for (const std::uint32_t sectors : {5U, 6U}) {
        Bytes disk = make_mbr({0, {{1, 0x05, false, 1, 6}}});
        const Bytes record = make_mbr({0, {{1, 0x83, false, 1, sectors}}});
        disk.insert(disk.end(), record.begin(), record.end());
        disk.resize(16 * 512);
        const Read result = read(folder.write("disk.img", as_text(disk)));
        ASSERT_EQ(result.mbr->partitions.size(), 2U);
        if (sectors == 5)
            EXPECT_THAT(result.faults, IsEmpty());
        else
            EXPECT_THAT(result.faults, ElementsAre("logical partition 5 does not lie inside the extended partition"));
    }
}

TEST(Mbr, HostileChainsEnd) {
    const test::TemporaryFolder folder;
    const auto faults = [&](std::uint32_t next) {
        Bytes disk = make_mbr({0, {{1, 0x05, false, 1, 100}}});
        Bytes record = make_mbr({0, {{1, 0x83, false, 1, 1}, {2, 0x05, false, 7, 1}}});
        store_le(record.data() + 446 + 16 + 8, next);
        disk.insert(disk.end(), record.begin(), record.end());
        disk.resize(1024 + 512);
        return read(folder.write("disk.img", as_text(disk))).faults;
    };
    EXPECT_THAT(faults(0), ElementsAre(HasSubstr("has no end")));
    EXPECT_THAT(faults(1), ElementsAre(HasSubstr("sector 2 holds no extended boot record")));
    EXPECT_THAT(faults(0xffffffff), ElementsAre(HasSubstr("beyond the end")));
}

TEST(Mbr, OtherSectorsAreNone) {
    Bytes sector = make_mbr(card);
    EXPECT_FALSE(parse_mbr(ByteView(sector).first(511)));
    sector[446] = std::byte{0x12};
    EXPECT_FALSE(parse_mbr(sector));
    EXPECT_FALSE(parse_mbr(Bytes(512)));
}

TEST(Mbr, WhatItCannotHoldIsRefused) {
    const auto code = [](const MbrPartition& partition) {
        try {
            make_mbr({0, {partition}});
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::usage;
    };
    EXPECT_EQ(code({1, 0x83, false, 2048, 3ULL << 31}), ErrorCode::unfit);
    EXPECT_EQ(code({1, 0x83, false, 1ULL << 32, 1}), ErrorCode::unfit);
    EXPECT_EQ(code({1, 0x83, false, 2048, 0}), ErrorCode::unfit);
    EXPECT_EQ(code({5, 0x83, false, 2048, 1}), ErrorCode::internal);
}

}  // namespace
}  // namespace rpixen
