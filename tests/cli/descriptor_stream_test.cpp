#include "descriptor_stream.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

namespace rpixen::cli {
namespace {

TEST(DescriptorStream, WritesWhatItGets) {
    test::TemporaryFolder folder;
    const std::string path = folder / "out";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    std::string expected;
    {
        DescriptorStream stream(file);
        for (int line = 0; line < 20'000; ++line) {
            stream << "line " << line << '\n';
            expected += "line " + std::to_string(line) + '\n';
        }
        stream << std::string(100'000, 'x') << std::flush;
        expected += std::string(100'000, 'x');
    }
    ::close(file);
    EXPECT_EQ(test::read_file(path), expected);
}

TEST(DescriptorStream, AFullDiskIsAnError) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    DescriptorStream stream(full);
    stream << "x";
    try {
        stream << std::flush;
        ADD_FAILURE() << "no complaint";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io);
        EXPECT_THAT(error.what(), testing::HasSubstr("No space left on device"));
    }
    EXPECT_FALSE(stream.good());
    ::close(full);
}

TEST(DescriptorStream, AFullDiskIsAnErrorInTheMiddleOfWritingToo) {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    DescriptorStream stream(full);
    EXPECT_THROW(stream << std::string(100'000, 'x'), Error);
    ::close(full);
}

TEST(DescriptorStream, AReaderThatWentAwayIsToldApart) {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    ::close(ends[0]);
    DescriptorStream stream(ends[1]);
    stream << "x";
    EXPECT_THROW(stream << std::flush, BrokenPipe);
    ::close(ends[1]);
    static_cast<void>(std::signal(SIGPIPE, before));
}

}  // namespace
}  // namespace rpixen::cli
