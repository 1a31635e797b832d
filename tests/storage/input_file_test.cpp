#include "storage/input_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::HasSubstr;

ErrorCode code_of_opening(const std::string& path, const std::string& words) {
    try {
        InputFile::open_file(path);
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr(words));
        return error.code();
    }
    return ErrorCode::internal;
}

TEST(InputFileTest, ReadsPartsAndTheWhole) {
    const test::TemporaryFolder folder;
    const std::string path = folder.write("in", "0123456789");
    const auto file = InputFile::open_file(path);
    EXPECT_EQ(file->size(), 10U);
    EXPECT_EQ(file->name(), path);
    EXPECT_EQ(as_text(read_all(file->content())), "0123456789");
    EXPECT_EQ(as_text(read_all({file, 7, 3})), "789");
    const auto open = file->open(4);
    EXPECT_EQ(open->descriptor(), file->descriptor());
    EXPECT_EQ(open->base(), 4U);
}

TEST(InputFileTest, WhatIsNoRegularFileIsRefused) {
    const test::TemporaryFolder folder;
    EXPECT_EQ(code_of_opening(folder / "missing", "No such file"), ErrorCode::artifact);
    EXPECT_EQ(code_of_opening(folder.path().string(), "a folder"), ErrorCode::artifact);
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(code_of_opening(folder / "fifo", "a named pipe"), ErrorCode::artifact);
    EXPECT_EQ(code_of_opening("/dev/null", "a character device"), ErrorCode::artifact);
    std::filesystem::create_symlink("loop", folder / "loop");
    EXPECT_EQ(code_of_opening(folder / "loop", "symbolic links"), ErrorCode::artifact);
}

TEST(InputFileTest, AChangeIsSeen) {
    const test::TemporaryFolder folder;
    const auto file = InputFile::open_file(folder.write("in", "old"));
    const auto open = file->open(0);
    EXPECT_NO_THROW(file->check_unchanged());
    folder.write("in", "newer");
    for (const auto& check : {std::function<void()>([&] { file->check_unchanged(); }),
                              std::function<void()>([&] { open->check_unchanged(); })}) {
        try {
            check();
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io);
            EXPECT_THAT(error.what(), HasSubstr("changed while"));
        }
    }
}

TEST(InputFileTest, AdoptsAnUnnamedFile) {
    FileDescriptor memory(::memfd_create("x", MFD_CLOEXEC));
    pwrite_exactly(memory.get(), 0, as_bytes("adopted"), "x");
    const auto file = InputFile::adopt(std::move(memory), "what it was");
    EXPECT_EQ(as_text(read_all(file->content())), "adopted");
    EXPECT_EQ(file->name(), "what it was");
}

}  // namespace
}  // namespace rpixen
