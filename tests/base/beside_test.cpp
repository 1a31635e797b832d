#include "base/beside.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace rpixen {
namespace {

TEST(Beside, WorksOnAnotherThread) {
    const auto here = std::this_thread::get_id();
    auto there = beside([] { return std::this_thread::get_id(); });
    EXPECT_NE(there.get(), here);
}

TEST(Beside, ThrowsWhatTheWorkThrew) {
    auto work = beside([]() -> int { throw 7; });
    EXPECT_THROW(work.get(), int);
}

constexpr std::size_t most_stacks = 100;

/// In a process of its own, whose address space has no room for another stack.
TEST(Beside, WithoutAThreadTheCallerDoesIt) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit none{1, 1};
        if (::setrlimit(RLIMIT_AS, &none) != 0) ::_exit(2);
        std::promise<void> never;
        const std::shared_future<void> end = never.get_future().share();
        std::vector<std::thread> threads;  // on stacks that earlier tests left
        threads.reserve(most_stacks);
        try {
            while (threads.size() < most_stacks) threads.emplace_back([end] { end.wait(); });
            ::_exit(3);  // there is always another thread, so nothing is shown
        } catch (const std::system_error&) {
        }
        const auto here = std::this_thread::get_id();
        auto work = beside([] { return std::this_thread::get_id(); });
        ::_exit(work.get() == here ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace rpixen
