#include "fs/ext4/superblock.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

std::string made(const std::string& kind) {
    const test::TemporaryFolder folder;
    const std::string path = folder.write("ext.img", "");
    std::filesystem::resize_file(path, 8 << 20);
    test::run_ok({"mke2fs", "-q", "-t", kind, "-L", "root", "-U", "01234567-89ab-cdef-0123-456789abcdef", path});
    return test::read_file(path).substr(ExtSuperblock::offset, ExtSuperblock::size);
}

TEST(ExtSuperblock, ReadsWhatMke2fsWrote) {
    for (const char* kind : {"ext2", "ext3", "ext4"}) {
        const std::string bytes = made(kind);
        const auto superblock = parse_ext_superblock(as_bytes(bytes));
        ASSERT_TRUE(superblock);
        EXPECT_EQ(superblock->kind(), kind);
        EXPECT_EQ(superblock->label, "root");
        EXPECT_EQ(format_uuid(superblock->uuid), "01234567-89ab-cdef-0123-456789abcdef");
        EXPECT_EQ(superblock->blocks * superblock->block_size, 8U << 20);
        EXPECT_EQ(superblock->state, 1);
    }
}

TEST(ExtSuperblock, ImpossibleOnesAreNone) {
    const std::string good = made("ext2");
    EXPECT_FALSE(parse_ext_superblock(as_bytes(good).first(1023)));
    for (const std::size_t place : {24U, 56U}) {
        std::string bad = good;
        bad[place] = 'x';
        EXPECT_FALSE(parse_ext_superblock(as_bytes(bad))) << place;
    }
    std::string empty = good;
    empty.replace(4, 4, 4, '\0');
    EXPECT_FALSE(parse_ext_superblock(as_bytes(empty)));
}

}  // namespace
}  // namespace rpixen
