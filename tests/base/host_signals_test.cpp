#include "base/host_signals.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <future>

#include "base/beside.hpp"

namespace rpixen {
namespace {

bool is_blocked(int signal) {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigismember(&mask, signal) == 1;
}

TEST(HostSignals, AThreadOfTheLibraryHearsNone) {
    bool term = false;
    bool fault = true;
    start_thread([&] {
        term = is_blocked(SIGTERM);
        fault = is_blocked(SIGSEGV);
    }).join();
    EXPECT_TRUE(term);
    EXPECT_FALSE(fault);
    EXPECT_TRUE(beside([] { return is_blocked(SIGINT); }).get());
    EXPECT_FALSE(is_blocked(SIGTERM));
}

TEST(HostSignals, TheFileSizeSignalIsHeldAndSwallowed) {
    {
        const FileSizeSignalHeld held;
        EXPECT_TRUE(is_blocked(SIGXFSZ));
        pthread_kill(pthread_self(), SIGXFSZ);
    }
    EXPECT_FALSE(is_blocked(SIGXFSZ));  // and this process is still there
}

TEST(HostSignals, WhoBlocksOrIgnoresItIsLeftAlone) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    { const FileSizeSignalHeld held; }
    EXPECT_TRUE(is_blocked(SIGXFSZ));
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    {
        const FileSizeSignalHeld held;
        EXPECT_FALSE(is_blocked(SIGXFSZ));
    }
    std::signal(SIGXFSZ, before);
}

}  // namespace
}  // namespace rpixen
