#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace rpixen::test {

/// What a finished program left behind.
struct Run {
    int status = -1;  ///< exit status, or 128 + the signal that ended it
    int signal = 0;   ///< that ended it, where it did not exit
    std::string out;  ///< its standard output
    std::string err;  ///< its standard error
};

/// A program that runs beside the test; it is killed where the test ends before it.
class Started {
  public:
    explicit Started(const std::vector<std::string>& argv, const std::vector<std::string>& extra_environment = {});
    ~Started();
    Started(const Started&) = delete;
    Started& operator=(const Started&) = delete;

    pid_t process() const noexcept { return process_; }
    /// Whether it has ended, without waiting.
    bool ended() const;
    /// Feeds it, reads what it prints and waits for its end. To be called once.
    Run finish(const std::string& standard_input = {});

  private:
    pid_t process_ = -1;
    int in_ = -1;
    int out_ = -1;
    int err_ = -1;
};

/// Runs a program found on PATH (also in /sbin and /usr/sbin) without a shell.
/// A program that is not installed throws std::runtime_error naming it: a missing oracle is a failure, never
/// a skip.
Run run(const std::vector<std::string>& argv, const std::string& standard_input = {},
        const std::vector<std::string>& extra_environment = {});

/// As run(), but throws with the program's output unless it exits with 0; returns its standard output.
std::string run_ok(const std::vector<std::string>& argv, const std::string& standard_input = {});

}  // namespace rpixen::test
