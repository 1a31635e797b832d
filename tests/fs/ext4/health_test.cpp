#include "fs/ext4/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "storage/input_file.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::run_ok;
using test::TemporaryFolder;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t offset = 1 << 20;
constexpr std::uint64_t length = 16 << 20;

/// An ext4 of mke2fs, one MiB into an image, that debugfs and the tests damage.
class Ext4Health : public testing::Test {
  protected:
    Ext4Health() {
        folder_.write("tree/file", std::string(20'000, 'f'));
        folder_.write("tree/folder/inner", "inner");
        folder_.write("tree/three", std::string(300'000, 't'));
        std::filesystem::create_hard_link(folder_ / "tree/file", folder_ / "tree/folder/link");
        for (int number = 0; number < 200; ++number)
            folder_.write("tree/large/a name that fills the directory " + std::to_string(number), "");
        folder_.write("p", std::string(length, '\0'));
        run_ok({"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-I", "256", "-d", folder_ / "tree", folder_ / "p"});
    }

    std::vector<std::string> problems() {
        const std::string image = folder_.write("image", std::string(offset, '\0') + test::read_file(folder_ / "p"));
        std::vector<Problem> problems;
        check_ext4(InputFile::open_file(image), {offset, offset + length}, problems, unproven_, {});
        std::vector<std::string> lines;
        for (const Problem& problem : problems)
            lines.push_back(problem.location.pointer + ": " + problem.message + ": " + problem.found);
        return lines;
    }
    void debugfs(const std::string& request) { run_ok({"debugfs", "-w", "-R", request, folder_ / "p"}); }
    void flip(std::uint64_t byte, int bit = 0) {
        std::fstream file(folder_ / "p", std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(static_cast<std::streamoff>(byte));
        const int value = file.get();
        file.seekp(static_cast<std::streamoff>(byte));
        file.put(static_cast<char>(value ^ (1 << bit)));
    }
    std::uint64_t number_of(const std::string& request) {
        return std::stoull(run_ok({"debugfs", "-R", request, folder_ / "p"}));
    }

    TemporaryFolder folder_;
    std::vector<std::string> unproven_;
};

TEST_F(Ext4Health, AHealthyOneRaisesNothing) {
    EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Ext4Health, ASuperblockBit) {
    flip(1024 + 0x78);
    EXPECT_THAT(problems(), Contains(HasSubstr("superblock")));
}

TEST_F(Ext4Health, AGroupDescriptorBit) {
    flip(4096 + 0x0c);
    EXPECT_THAT(problems(), Contains(testing::AnyOf(HasSubstr("group 0"), HasSubstr("superblock"))));
}

TEST_F(Ext4Health, AnInodeBit) {
    // imap says "Inode 12 is part of block group 0\n\tlocated at block N, offset 0xM".
    const std::string place = run_ok({"debugfs", "-R", "imap file", folder_ / "p"});
    const auto block = std::stoull(place.substr(place.find("block ", place.find("located")) + 6));
    const auto inside = std::stoull(place.substr(place.find("offset") + 7), nullptr, 16);
    flip(block * 4096 + inside + 2);
    EXPECT_THAT(problems(), Contains(HasSubstr("inode ")));
}

TEST_F(Ext4Health, ADirectoryBlockBit) {
    flip(number_of("bmap large 0") * 4096 + 100);
    EXPECT_THAT(problems(), Contains(testing::AllOf(HasSubstr("inode "), HasSubstr("directory"))));
}

TEST_F(Ext4Health, AWrongLinkCount) {
    debugfs("sif file links_count 5");
    EXPECT_THAT(problems(), Contains(HasSubstr("links")));
}

TEST_F(Ext4Health, AUsedBlockMarkedFree) {
    debugfs("freeb " + std::to_string(number_of("bmap three 0")));
    const auto lines = problems();
    EXPECT_THAT(lines, Contains(HasSubstr("block bitmap")));
}

TEST_F(Ext4Health, ALostBlock) {
    debugfs("setb 4000");
    EXPECT_THAT(problems(), Contains(HasSubstr("block bitmap")));
}

TEST_F(Ext4Health, ABlockThatTwoFilesOwn) {
    debugfs("sif folder/inner block[5] " + std::to_string(number_of("bmap three 0")));
    EXPECT_THAT(problems(), Contains(HasSubstr("twice")));
}

TEST_F(Ext4Health, AFreeInodeMarkedUsed) {
    debugfs("seti <500>");
    EXPECT_THAT(problems(), Contains(HasSubstr("inode 500")));
}

TEST_F(Ext4Health, AWrongFreeCount) {
    debugfs("ssv free_blocks_count 7");
    EXPECT_THAT(problems(), Contains(HasSubstr("free blocks")));
}

TEST_F(Ext4Health, AnUncleanState) {
    debugfs("ssv state 0");
    EXPECT_THAT(problems(), Contains(HasSubstr("state")));
}

TEST_F(Ext4Health, AnEntryThatLeadsToAFreeInode) {
    debugfs("ln <700> dangling");
    EXPECT_THAT(problems(), Contains(HasSubstr("inode 700")));
}

TEST_F(Ext4Health, AFileSystemLargerThanItsPartition) {
    debugfs("ssv blocks_count 100000");
    EXPECT_THAT(problems(), Contains(HasSubstr("superblock")));
}

TEST_F(Ext4Health, RubbishIsSurvived) {
    std::uint32_t state = 1;
    const std::string whole = test::read_file(folder_ / "p");
    for (int round = 0; round < 24; ++round) {
        for (int count = 0; count < 20; ++count) {
            state = state * 1664525U + 1013904223U;
            flip((state >> 4) % (round % 2 ? length : 400 * 1024), static_cast<int>(state & 7));
        }
        problems();
        if (round % 4 == 3) folder_.write("p", whole);
    }
}

}  // namespace
}  // namespace rpixen
