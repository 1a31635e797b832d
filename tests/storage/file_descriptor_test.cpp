#include "storage/file_descriptor.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

TEST(FileDescriptorTest, ClosesWhenItGoesAndMoves) {
    int number = -1;
    {
        FileDescriptor one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(one);
        number = one.get();
        FileDescriptor two(std::move(one));
        EXPECT_EQ(two.get(), number);
        EXPECT_GE(::fcntl(number, F_GETFD), 0);
    }
    EXPECT_LT(::fcntl(number, F_GETFD), 0);
    EXPECT_FALSE(FileDescriptor());
}

TEST(FileDescriptorTest, AFileThatEndsEarlyIsAnError) {
    const test::TemporaryFolder folder;
    const FileDescriptor file(::open(folder.write("short", "12345").c_str(), O_RDONLY | O_CLOEXEC));
    Bytes bytes(6);
    pread_exactly(file.get(), 0, MutableBytes(bytes).first(5), "short");
    try {
        pread_exactly(file.get(), 0, bytes, "short");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_THAT(error.what(), testing::HasSubstr("ended while it was read"));
    }
}

TEST(FileDescriptorTest, AFullDiskIsAnError) {
    const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(full);
    try {
        pwrite_exactly(full.get(), 0, as_bytes("x"), "card.img");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_THAT(error.what(), testing::HasSubstr("cannot write card.img; found No space left"));
        EXPECT_THAT(error.what(), testing::HasSubstr("free some space"));
    }
}

}  // namespace
}  // namespace rpixen
