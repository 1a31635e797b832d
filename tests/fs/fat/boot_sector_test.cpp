#include "fs/fat/boot_sector.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/size.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

std::optional<FatBootSector> with_mkfs(std::uint64_t size, const std::vector<std::string>& options) {
    const test::TemporaryFolder folder;
    const std::string path = folder.write("fat.img", "");
    std::filesystem::resize_file(path, size);
    std::vector<std::string> command{"mkfs.fat", "-i", "1234abcd", "-n", "BOOT"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(path);
    test::run_ok(command);
    return parse_fat_boot_sector(as_bytes(test::read_file(path).substr(0, 512)));
}

TEST(FatBootSector, ReadsWhatMkfsWrote) {
    for (const auto& [kind, size] : {std::pair{12U, MiB}, {16U, 4 * MiB}, {32U, 40 * MiB}}) {
        const auto boot = with_mkfs(size, {"-F", std::to_string(kind), "-s", "1", "-h", "2048"});
        ASSERT_TRUE(boot) << kind;
        EXPECT_EQ(boot->kind(), kind);
        EXPECT_EQ(boot->volume_id, 0x1234abcdU);
        EXPECT_EQ(boot->label, "BOOT");
        EXPECT_EQ(boot->hidden_sectors, 2048U);
        EXPECT_EQ(boot->cluster_size(), 512U);
    }
    EXPECT_EQ(with_mkfs(40 * MiB, {"-F", "32", "-S", "4096", "-s", "1"})->bytes_per_sector, 4096U);
}

TEST(FatBootSector, IsReadBack) {
    FatBootSector boot;
    boot.sectors_per_cluster = 8;
    boot.reserved_sectors = 32;
    boot.total_sectors = 1'000'000;
    boot.fat_sectors = 1000;
    boot.hidden_sectors = 8192;
    boot.volume_id = 0xdeadbeef;
    boot.label = "CARD";
    const auto back = parse_fat_boot_sector(make_fat32_boot_sector(boot));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->kind(), 32U);
    EXPECT_EQ(back->clusters(), (1'000'000U - 2032U) / 8);
    EXPECT_EQ(back->volume_id, boot.volume_id);
    EXPECT_EQ(back->label, "CARD");
    EXPECT_EQ(back->backup_sector, 6U);
    boot.label.clear();
    EXPECT_EQ(parse_fat_boot_sector(make_fat32_boot_sector(boot))->label, "");
}

TEST(FatBootSector, ImpossibleOnesAreNone) {
    FatBootSector boot;
    boot.sectors_per_cluster = 8;
    boot.reserved_sectors = 32;
    boot.total_sectors = 0x10000;
    boot.fat_sectors = 1000;
    const Bytes good = make_fat32_boot_sector(boot);
    ASSERT_TRUE(parse_fat_boot_sector(good));
    // jump, sector size, cluster size, reserved, number of FATs, root entries, media, FAT length, total, end
    // mark
    for (const std::size_t place : {0U, 11U, 12U, 13U, 14U, 16U, 17U, 21U, 38U, 34U, 510U}) {
        Bytes bad = good;
        bad[place] = place == 34 || place == 14 || place == 16 ? std::byte{0} : std::byte{0x77};
        EXPECT_FALSE(parse_fat_boot_sector(bad)) << place;
    }
    EXPECT_FALSE(parse_fat_boot_sector(ByteView(good).first(511)));
    EXPECT_FALSE(parse_fat_boot_sector(Bytes(512)));
}

TEST(FatInfo, IsReadBackAndDamageSeen) {
    const Bytes info = make_fat_info({1234, 56});
    EXPECT_EQ(parse_fat_info(info), (FatInfo{1234, 56}));
    for (const std::size_t place : {0U, 484U, 511U}) {
        Bytes bad = info;
        bad[place] ^= std::byte{1};
        EXPECT_FALSE(parse_fat_info(bad));
    }
}

TEST(FatTime, IsUtcInStepsOfTwoSeconds) {
    const FatTime time = fat_time(1'700'000'001, 230'000'000);  // 2023-11-14T22:13:21.23Z
    EXPECT_EQ(time.date, (2023 - 1980) << 9 | 11 << 5 | 14);
    EXPECT_EQ(time.time, 22 << 11 | 13 << 5 | 10);
    EXPECT_EQ(time.hundredths, 123);
    EXPECT_EQ(seconds_of(time), 1'700'000'001);
    EXPECT_EQ(seconds_of({time.date, time.time, 0}), 1'700'000'000);
}

TEST(FatTime, IsClampedToWhatFatKnows) {
    EXPECT_EQ(seconds_of(fat_time(-5, 999)), 315'532'800);
    EXPECT_EQ(fat_time(0, 990'000'000).hundredths, 0);
    EXPECT_EQ(seconds_of(fat_time(1LL << 40, 0)), 4'354'819'199);
    EXPECT_EQ(seconds_of(fat_time(951'782'400, 0)), 951'782'400);  // 2000-02-29
    EXPECT_EQ(seconds_of({0, 0, 0}), 0);
    EXPECT_EQ(seconds_of({1 << 9 | 2 << 5 | 30, 0, 0}), 0);  // the 30th of February
}

TEST(FatEntry, IsReadBack) {
    FatEntry entry;
    entry.name = {'C', 'O', 'N', 'F', 'I', 'G', ' ', ' ', 'T', 'X', 'T'};
    entry.attributes = FatAttribute::archive;
    entry.created = fat_time(1'700'000'001, 0);
    entry.modified = entry.created;
    entry.first_cluster = 0x0abcdef1;
    entry.size = 0xfedcba98;
    Bytes bytes(FatEntry::size_on_disk);
    store_fat_entry(bytes.data(), entry);
    const FatEntry back = parse_fat_entry(bytes.data());
    EXPECT_EQ(back.name, entry.name);
    EXPECT_EQ(back.attributes, entry.attributes);
    EXPECT_EQ(seconds_of(back.created), 1'700'000'001);
    EXPECT_EQ(seconds_of(back.modified), 1'700'000'000);
    EXPECT_EQ(back.first_cluster, entry.first_cluster);
    EXPECT_EQ(back.size, entry.size);
}

}  // namespace
}  // namespace rpixen
