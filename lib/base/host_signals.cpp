#include "base/host_signals.hpp"

#include <pthread.h>

#include <ctime>

namespace rpixen {

SignalsBlocked::SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() {
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

namespace {

sigset_t file_size_signal() noexcept {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    return signals;
}

}  // namespace

FileSizeSignalHeld::FileSizeSignalHeld() noexcept {
    struct sigaction action {};
    if (::sigaction(SIGXFSZ, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) return;
    const sigset_t signals = file_size_signal();
    sigset_t before;
    // Where it is blocked already it does no harm, and what is pending is the caller's.
    held_ = pthread_sigmask(SIG_BLOCK, &signals, &before) == 0 && sigismember(&before, SIGXFSZ) == 0;
}

FileSizeSignalHeld::~FileSizeSignalHeld() {
    if (!held_) return;
    const sigset_t signals = file_size_signal();
    const timespec now{};
    while (::sigtimedwait(&signals, nullptr, &now) == SIGXFSZ) {
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace rpixen
