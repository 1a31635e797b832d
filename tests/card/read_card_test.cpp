#include "card/read_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/bytes.hpp"
#include "format/crc32.hpp"
#include "format/unfinished_card.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> words(const std::vector<Problem>& problems) {
    std::vector<std::string> all;
    for (const Problem& problem : problems) all.push_back(problem.text());
    return all;
}

/// A card made by the field's own tools: FAT16 of 8 MiB at 1 MiB, ext4 of 16 MiB behind it.
class CardTest : public testing::Test {
  protected:
    void partition(const std::string& script, std::uint64_t size = 26 * MiB) const {
        static_cast<void>(folder.write("card.img", ""));
        std::filesystem::resize_file(path, size);
        test::run_ok({"sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", path}, script);
    }
    void make_fat(std::uint64_t size = 8 * MiB) const {
        const std::string fat = folder.write("fat.img", "");
        std::filesystem::resize_file(fat, size);
        test::run_ok({"mkfs.fat", "-F", "16", "-s", "1", "-n", "BOOT", "-i", "1234abcd", fat});
        test::run_ok({"mcopy", "-i", fat, folder.write("text", "kernel=u-boot.bin\n"), "::config.txt"});
        put(fat, 1);
    }
    void make_ext4() const {
        const std::string ext = folder.write("ext.img", "");
        std::filesystem::resize_file(ext, 16 * MiB);
        static_cast<void>(folder.write("tree/etc/hostname", "dom0\n"));
        test::run_ok({"mke2fs", "-q", "-t", "ext4", "-d", folder / "tree", "-L", "root", "-U",
                      "01234567-89ab-cdef-0123-456789abcdef", ext});
        put(ext, 9);
    }
    void put(const std::string& file, unsigned mib) const {
        test::run_ok(
            {"dd", "status=none", "conv=notrunc", "bs=1M", "seek=" + std::to_string(mib), "if=" + file, "of=" + path});
    }
    void make() const {
        partition(layout);
        make_fat();
        make_ext4();
    }

    const std::string layout =
        "label: dos\nlabel-id: 0xcafe0001\nstart=2048, size=16384, type=c, bootable\nstart=18432, "
        "size=32768, type=83\n";
    const test::TemporaryFolder folder;
    const std::string path = folder / "card.img";
};

void expect_good(const Card& card) {
    EXPECT_EQ(card.size, 26 * MiB);
    EXPECT_THAT(words(card.problems), IsEmpty());
    ASSERT_EQ(card.partitions.size(), 2U);
    const Partition& boot = card.partitions[0];
    EXPECT_EQ(boot.number, 1);
    EXPECT_EQ(boot.range, (Range{MiB, 9 * MiB}));
    EXPECT_EQ(boot.file_system_name(), "fat16");
    EXPECT_EQ(boot.file_system_size(), 8 * MiB);
    EXPECT_EQ(boot.label(), "BOOT");
    EXPECT_EQ(boot.identifier(), "1234-ABCD");
    EXPECT_THAT(words(boot.problems), IsEmpty());
    const auto config = boot.tree.find("/config.txt");
    ASSERT_TRUE(config);
    EXPECT_EQ(as_text(read_all(boot.tree.content(*config))), "kernel=u-boot.bin\n");
    EXPECT_EQ(boot.fat()->places.at(*config).extents.size(), 1U);
    EXPECT_EQ(card.boot_partition(), &boot);
    const Partition& root = card.partitions[1];
    EXPECT_EQ(root.file_system_name(), "ext4");
    EXPECT_EQ(root.file_system_size(), 16 * MiB);
    EXPECT_EQ(root.label(), "root");
    EXPECT_EQ(root.identifier(), "01234567-89ab-cdef-0123-456789abcdef");
    EXPECT_THAT(words(root.problems), IsEmpty());
    const auto hostname = root.tree.find("/etc/hostname");
    ASSERT_TRUE(hostname);
    EXPECT_EQ(as_text(read_all(root.tree.content(*hostname))), "dom0\n");
}

TEST_F(CardTest, ReadsACardWithAnMbr) {
    make();
    const Card card = read_card(path);
    expect_good(card);
    EXPECT_EQ(card.path, path);
    EXPECT_EQ(card.table, PartitionTable::mbr);
    EXPECT_EQ(card.disk_signature, 0xcafe0001U);
    EXPECT_EQ(card.partitions[0].type_text(), "0x0c");
    EXPECT_TRUE(card.partitions[0].active);
    EXPECT_EQ(card.partitions[1].partuuid, "cafe0001-02");
    EXPECT_EQ(card.partition(2), &card.partitions[1]);
    EXPECT_EQ(card.partition(3), nullptr);
}

TEST_F(CardTest, ReadsACardWithAGpt) {
    partition(
        "label: gpt\nlabel-id: 11112222-3333-4444-5555-666677778888\n"
        "start=2048, size=16384, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name=boot\n"
        "start=18432, size=32768, type=L, uuid=AAAABBBB-CCCC-DDDD-EEEE-FFFF00001111\n");
    make_fat();
    make_ext4();
    const Card card = read_card(path);
    expect_good(card);
    EXPECT_EQ(card.table, PartitionTable::gpt);
    EXPECT_FALSE(card.hybrid_mbr);
    EXPECT_EQ(card.disk_guid, "11112222-3333-4444-5555-666677778888");
    EXPECT_EQ(card.partitions[0].name, "boot");
    EXPECT_EQ(card.partitions[0].type_text(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
    EXPECT_EQ(card.partitions[1].partuuid, "aaaabbbb-cccc-dddd-eeee-ffff00001111");
}

TEST_F(CardTest, ReadsCompressedImages) {
    make();
    for (const auto& [packing, command] :
         {std::pair{Packing::gzip, std::vector<std::string>{"gzip", "-1", "-k", "-S", ".packed"}},
          {Packing::xz, {"xz", "-1", "-k", "-S", ".packed"}},
          {Packing::zstd, {"zstd", "-q", "-1", "-o", path + ".packed"}},
          {Packing::bzip2, {"sh", "-c", "bzip2 -1 -c \"$0\" > \"$0.packed\""}}}) {
        std::vector<std::string> whole = command;
        whole.push_back(path);
        test::run_ok(whole);
        const Card card = read_card(path + ".packed", {}, folder.path());
        expect_good(card);
        EXPECT_EQ(card.packing, packing);
        std::filesystem::remove(path + ".packed");
    }
    // Where there is no scratch folder, memory does.
    test::run_ok({"gzip", "-1", path});
    expect_good(read_card(path + ".gz", {}, "/nonexistent"));
}

TEST_F(CardTest, ADamagedCompressedImageIsRefused) {
    make();
    test::run_ok({"gzip", "-1", path});
    const std::string packed = test::read_file(path + ".gz");
    for (const std::string& bad : {packed.substr(0, packed.size() / 2), packed.substr(0, packed.size() - 1)}) {
        try {
            read_card(folder.write("bad.gz", bad));
            FAIL() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
        }
    }
}

TEST_F(CardTest, ReadsAFileSystemWithoutATable) {
    make();
    const Card fat = read_card(folder / "fat.img");
    EXPECT_EQ(fat.table, PartitionTable::none);
    ASSERT_EQ(fat.partitions.size(), 1U);
    EXPECT_EQ(fat.partitions[0].number, 0);
    EXPECT_TRUE(fat.partitions[0].tree.find("/config.txt"));
    const Card ext = read_card(folder / "ext.img");
    ASSERT_EQ(ext.partitions.size(), 1U);
    EXPECT_EQ(ext.partitions[0].file_system_name(), "ext4");
    EXPECT_EQ(ext.boot_partition(), nullptr);
}

TEST_F(CardTest, LogicalPartitionsAreReadAndTheirContainerIsNot) {
    partition("label: dos\nstart=2048, size=16384, type=c\nstart=18432, type=5\nstart=20480, size=8192, type=83\n");
    make_fat();
    const Card card = read_card(path);
    EXPECT_THAT(words(card.problems), IsEmpty());
    ASSERT_EQ(card.partitions.size(), 3U);
    EXPECT_TRUE(card.partitions[1].extended);
    EXPECT_EQ(card.partitions[2].number, 5);
    EXPECT_EQ(card.partitions[2].file_system_name(), "");
}

TEST_F(CardTest, TheOldRecipesOverlapIsNamed) {
    // A file system of 9 MiB in a partition of 8 MiB: its end lies under the ext4.
    partition(layout);
    make_fat(9 * MiB);
    make_ext4();
    const Card card = read_card(path);
    EXPECT_THAT(words(card.partitions[0].problems),
                Contains("the FAT file system is larger than its partition [fat-larger-than-partition]; "
                         "found 9MiB; allowed: at most 8MiB"));
    EXPECT_EQ(card.partitions[0].file_system_size(), 9 * MiB);
    EXPECT_TRUE(card.partitions[0].tree.find("/config.txt"));
}

TEST_F(CardTest, OverlapsAndEndsBeyondTheImageAreNamed) {
    partition("label: dos\nstart=2048, size=16384, type=c\nstart=18432, size=32768, type=83\n");
    make_fat();
    make_ext4();
    std::string bytes = test::read_file(path);
    bytes[446 + 12 + 2] = '\1';  // partition 1 now has 16384 + 65536 sectors
    static_cast<void>(folder.write("card.img", bytes));
    const Card card = read_card(path);
    EXPECT_THAT(words(card.problems), Contains("partition 1 and partition 2 overlap [partitions-overlap]"));
    EXPECT_THAT(words(card.problems), Contains(HasSubstr("partition 1 ends beyond the image")));
    EXPECT_EQ(card.partitions[0].readable.end, card.size);
    EXPECT_TRUE(card.partitions[0].tree.find("/config.txt"));
}

TEST_F(CardTest, AFileSystemIsReadOnceHoweverManyPartitionsNameIt) {
    make();
    std::string bytes = test::read_file(path);
    for (const std::size_t entry : {1U, 2U, 3U}) bytes.replace(446 + 16 * entry, 16, bytes.substr(446, 16));
    static_cast<void>(folder.write("card.img", bytes));
    const Card card = read_card(path);
    ASSERT_EQ(card.partitions.size(), 4U);
    EXPECT_TRUE(card.partitions[0].fat());
    for (std::size_t index = 1; index < 4; ++index) EXPECT_FALSE(card.partitions[index].fat());
    EXPECT_EQ(card.problems.size(), 6U);  // a pair of overlapping partitions each
}

TEST_F(CardTest, MorePartitionsThanLinuxHasNumbersFor) {
    for (const int partitions : {256, 257}) {
        std::string script = "label: gpt\ntable-length: 260\n";
        for (int number = 0; number < partitions; ++number)
            script += "start=" + std::to_string(2048 + number) + ", size=1\n";
        partition(script);
        const Card card = read_card(path);
        EXPECT_EQ(card.partitions.size(), 256U);
        if (partitions == 256)
            EXPECT_THAT(words(card.problems), IsEmpty());
        else
            EXPECT_THAT(words(card.problems),
                        ElementsAre("the partition table is too long to be read to its end; found "
                                    "257 partitions; allowed: at most 256"));
    }
}

TEST_F(CardTest, OfManyOverlapsOnlyTheFirstAreToldOneByOne) {
    std::string script = "label: gpt\n";
    for (int number = 0; number < 12; ++number) script += "start=" + std::to_string(2048 + 8 * number) + ", size=8\n";
    partition(script);
    Bytes disk = to_bytes(test::read_file(path));
    // UEFI 2.10, 5.3: every entry gets the first one's place, in the first table with its checksums.
    constexpr std::size_t header = 512;
    constexpr std::size_t entries = 1024;
    for (std::size_t entry = 1; entry < 12; ++entry)
        std::copy_n(&disk[entries + 32], 16, &disk[entries + 128 * entry + 32]);
    store_le(&disk[header + 88], crc32(ByteView(disk).subspan(entries, 128 * std::size_t{128})));
    store_le(&disk[header + 16], std::uint32_t{0});
    store_le(&disk[header + 16], crc32(ByteView(disk).subspan(header, 92)));
    const Card card = read_card(folder.write("card.img", as_text(disk)));
    ASSERT_EQ(card.partitions.size(), 12U);
    const auto told = std::count_if(card.problems.begin(), card.problems.end(), [](const Problem& problem) {
        return problem.message.find(" and ") != std::string::npos && problem.rule == "partitions-overlap";
    });
    EXPECT_EQ(told, 64);
    EXPECT_THAT(words(card.problems), Contains("more partitions overlap [partitions-overlap]; found 2 pairs"));
}

TEST_F(CardTest, ATruncatedImageIsStillRead) {
    make();
    for (const std::uint64_t size : {20 * MiB, 9 * MiB + 1000, 5 * MiB, MiB + 5000, MiB, std::uint64_t{700}}) {
        std::filesystem::resize_file(path, size);
        const Card card = read_card(path);
        EXPECT_THAT(words(card.problems), Contains(HasSubstr("partition 2 ends beyond the image")));
    }
}

TEST_F(CardTest, ACardThatWasNotWrittenToItsEndSaysSo) {
    std::string bytes{unfinished_card};
    bytes.resize(MiB);
    try {
        read_card(folder.write("card.img", bytes));
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr("card.img was not written to its end"));
    }
}

TEST_F(CardTest, OtherFilesAreRefused) {
    for (const std::string& content : {std::string(), std::string("text"), std::string(100'000, 'x')}) {
        try {
            read_card(folder.write("file", content));
            FAIL() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact);
            EXPECT_THAT(error.what(), HasSubstr("is no card image"));
        }
    }
    for (const std::string& name : {folder / "missing", folder.path().string()}) {
        try {
            read_card(name);
            FAIL() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact);
        }
    }
}

}  // namespace
}  // namespace rpixen
