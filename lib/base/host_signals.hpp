#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace rpixen {

/// Signals belong to the program that calls this library: a thread of the library's own starts with all of them
/// blocked, but for those that a fault in the thread itself raises. Throws std::system_error where there is no thread
/// to be had.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept;
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t before_;
};

template <typename Work>
std::thread start_thread(Work&& work) {
    const SignalsBlocked blocked;
    return std::thread(std::forward<Work>(work));
}

/// For the length of a call into the library: a write beyond RLIMIT_FSIZE is the error EFBIG and not the end of the
/// program by SIGXFSZ, which the system sends to the thread that writes (write(2), setrlimit(2)). Who ignores or
/// handles that signal is left alone.
class FileSizeSignalHeld {
  public:
    FileSizeSignalHeld() noexcept;
    ~FileSizeSignalHeld();
    FileSizeSignalHeld(const FileSizeSignalHeld&) = delete;
    FileSizeSignalHeld& operator=(const FileSizeSignalHeld&) = delete;

  private:
    bool held_ = false;
};

}  // namespace rpixen
