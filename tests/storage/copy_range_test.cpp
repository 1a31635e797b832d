#include "storage/copy_range.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/size.hpp"
#include "storage/file_descriptor.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

class CopyRangeTest : public testing::Test {
  protected:
    FileDescriptor open(const std::string& path) { return FileDescriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC)); }
    test::TemporaryFolder folder_;
    std::string text_ = std::string(300'000, 'a') + std::string(300'000, 'b');
    FileDescriptor from_ = open(folder_.write("from", text_));
    FileDescriptor to_ = open(folder_.write("to", ""));
};

/// Where blocks are shared tests/flash/shared_blocks_test.cpp sees; no file system shares parts of them, and nothing
/// can be shared with a file that is not open for writing.
TEST_F(CopyRangeTest, WhatCannotBeSharedIsLeftAsItIs) {
    EXPECT_FALSE(share_range(from_.get(), 1, to_.get(), 4096, 4096));
    const FileDescriptor closed_to_writing(::open((folder_ / "to").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(share_range(from_.get(), 0, closed_to_writing.get(), 0, 4096));
    EXPECT_TRUE(share_range(from_.get(), 0, to_.get(), 0, 0)) << "nothing is there already";
    EXPECT_EQ(test::read_file(folder_ / "to"), "");
}

TEST_F(CopyRangeTest, CopiesAsFarAsTheSourceGoes) {
    EXPECT_EQ(copy_range(from_.get(), 100, to_.get(), 10, 400'000, {}), 400'000U);
    EXPECT_EQ(test::read_file(folder_ / "to"), std::string(10, '\0') + text_.substr(100, 400'000));
    EXPECT_EQ(copy_range(from_.get(), 500'000, to_.get(), 0, 200'000, {}), 100'000U);
}

}  // namespace
}  // namespace rpixen
