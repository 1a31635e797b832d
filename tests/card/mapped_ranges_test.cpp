#include "card/mapped_ranges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "card/read_card.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::run_ok;
using testing::ElementsAre;

constexpr std::uint64_t fat_begin = 1 * MiB;
constexpr std::uint64_t fat_size = 40 * MiB;
constexpr std::uint64_t ext_begin = fat_begin + fat_size;
constexpr std::uint64_t ext_size = 32 * MiB;
constexpr std::uint64_t card_size = ext_begin + ext_size + MiB;

std::uint64_t total(const std::vector<Range>& ranges) {
    std::uint64_t sum = 0;
    for (const Range& range : ranges) sum += range.size();
    return sum;
}

/// A card as other tools make it: 1 MiB of gap, a FAT, an ext4, and a MiB behind them.
class ForeignCard {
  public:
    explicit ForeignCard(const std::string& features = "^bigalloc", const std::string& block_size = "4096") {
        run_ok({"truncate", "-s", std::to_string(card_size), image()});
        run_ok({"sfdisk", "-q", image()},
               "label: dos\nstart=2048, size=81920, type=c\nstart=83968, size=65536, type=83\n");
        const std::string fat = folder_ / "fat";
        run_ok({"truncate", "-s", std::to_string(fat_size), fat});
        run_ok({"mkfs.vfat", "-F", "32", "-s", "1", fat});
        run_ok({"mcopy", "-i", fat, folder_.write("kernel8.img", std::string(3'000'000, 'k')), "::"});
        const std::string ext = folder_ / "ext";
        folder_.write("root/etc/hostname", "dom0\n");
        folder_.write("root/big", std::string(5'000'000, 'b'));
        run_ok({"truncate", "-s", std::to_string(ext_size), ext});
        run_ok({"mke2fs", "-q", "-F", "-b", block_size, "-text4", "-O", features, "-d", folder_ / "root", ext});
        put(fat, fat_begin);
        put(ext, ext_begin);
    }

    std::string image() const { return folder_ / "card.img"; }
    void put(const std::string& file, std::uint64_t place) {
        run_ok({"dd", "if=" + file, "of=" + image(), "bs=512", "seek=" + std::to_string(place / 512), "conv=notrunc",
                "status=none"});
    }
    void spoil(std::uint64_t place, const std::string& bytes = "spoilt") {
        std::fstream file(image(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(place)).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    std::vector<Range> ranges() const { return mapped_ranges_of_image(read_card(image())); }

    /// What the ranges alone make of a card full of 0xFF, as files of the two partitions.
    void write_over_ones() {
        std::string card(card_size, '\xff');
        const std::vector<Range> mapped = ranges();
        EXPECT_LT(total(mapped), 30 * MiB);
        std::ifstream file(image(), std::ios::binary);
        for (const Range& range : mapped)
            file.seekg(static_cast<std::streamoff>(range.begin))
                .read(card.data() + range.begin, static_cast<std::streamsize>(range.size()));
        folder_.write("fat", card.substr(fat_begin, fat_size));
        folder_.write("ext", card.substr(ext_begin, ext_size));
    }
    std::string file(const std::string& name) const { return folder_ / name; }

  private:
    test::TemporaryFolder folder_;
};

TEST(MappedRangesOfImage, TheFieldsCheckersFindThemSoundOnADirtyCard) {
    for (const auto& [features, block_size] : {std::pair{"^bigalloc", "4096"}, std::pair{"^extents,^64bit", "1024"},
                                               std::pair{"extents,bigalloc", "1024"}}) {
        ForeignCard card(features, block_size);
        card.write_over_ones();
        const test::Run fat = test::run({"fsck.fat", "-n", card.file("fat")});
        EXPECT_EQ(fat.status, 0) << fat.out;
        const test::Run ext = test::run({"e2fsck", "-fn", card.file("ext")});
        EXPECT_EQ(ext.status, 0) << features << " " << block_size << ext.out;
        EXPECT_EQ(test::run_ok({"debugfs", "-R", "cat /big", card.file("ext")}), std::string(5'000'000, 'b'));
        EXPECT_EQ(test::run_ok({"mtype", "-i", card.file("fat"), "::kernel8.img"}), std::string(3'000'000, 'k'));
    }
}

TEST(MappedRangesOfImage, WhatLiesOutsideOfFileSystemsMatters) {
    const std::vector<Range> ranges = ForeignCard().ranges();
    EXPECT_EQ(ranges.front().begin, 0U);
    EXPECT_GT(ranges.front().end, fat_begin);
    EXPECT_LE(ranges.back().begin, card_size - MiB);
    EXPECT_EQ(ranges.back().end, card_size);
}

TEST(MappedRangesOfImage, OfADamagedFileSystemAllMatters) {
    ForeignCard card;
    const std::uint64_t sound = total(card.ranges());
    card.spoil(fat_begin + 32 * 512 + 1);  // the first FAT
    EXPECT_GT(total(card.ranges()), sound + 30 * MiB);
    ForeignCard other;
    other.spoil(ext_begin + 4096 + 10);  // the group descriptors
    const std::vector<Range> ranges = other.ranges();
    EXPECT_THAT(ranges, ElementsAre(testing::_, Range{ext_begin, card_size}));
}

TEST(MappedRangesOfImage, OfAnUnknownFileSystemAllMatters) {
    ForeignCard card;
    run_ok({"mkswap", "-q", card.file("ext")});
    card.put(card.file("ext"), ext_begin);
    EXPECT_EQ(card.ranges().back(), (Range{ext_begin, card_size}));
}

TEST(MappedRangesOfImage, WherePartitionsOverlapAllMatters) {
    ForeignCard card;
    card.spoil(446 + 16 + 8, std::string("\x00\x40\x01\x00", 4));  // where the second partition begins
    EXPECT_THAT(card.ranges(), ElementsAre(Range{0, card_size}));
}

}  // namespace
}  // namespace rpixen
