#pragma once

#include <string>
#include <vector>

namespace rpixen::test {

/// What a finished program left behind.
struct Run {
    int status = -1;  ///< exit status, or 128 + the signal that ended it
    std::string out;  ///< its standard output
    std::string err;  ///< its standard error
};

/// Runs a program found on PATH (also in /sbin and /usr/sbin) without a shell.
/// A program that is not installed throws std::runtime_error naming it: a missing oracle is a failure, never
/// a skip.
Run run(const std::vector<std::string>& argv, const std::string& standard_input = {},
        const std::vector<std::string>& extra_environment = {});

/// As run(), but throws with the program's output unless it exits with 0; returns its standard output.
std::string run_ok(const std::vector<std::string>& argv, const std::string& standard_input = {});

}  // namespace rpixen::test
