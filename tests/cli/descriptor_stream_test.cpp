#include "descriptor_stream.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

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

TEST(DescriptorStream, ARequestToStopIsHeardWhileNobodyReads) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    static CancelToken cancel;
    // As the program listens: the call in which it waits is interrupted.
    struct sigaction action {};
    struct sigaction before {};
    action.sa_handler = [](int) { cancel.cancel(); };
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    std::atomic<bool> ended{false};
    std::thread sender([&ended, writer = ::pthread_self()] {
        while (!ended) {
            ::pthread_kill(writer, SIGUSR1);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    DescriptorStream stream(ends[1], &cancel);
    try {
        stream << std::string(1 << 20, 'x');  // more than a pipe takes
        ADD_FAILURE() << "it was all taken";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    ended = true;
    sender.join();
    static_cast<void>(::sigaction(SIGUSR1, &before, nullptr));
    ::close(ends[0]);
    ::close(ends[1]);
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
