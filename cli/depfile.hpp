#pragma once

#include <span>
#include <string>

namespace rpixen::cli {

/// A rule for make, which ninja's `deps = gcc` reads too: `output` depends on `inputs`, and each of these has a rule
/// without prerequisites, so that one that is gone is no error (gcc -MP). Throws Error{usage} for a name with a line
/// break, which make cannot have.
std::string depfile(const std::string& output, std::span<const std::string> inputs);

}  // namespace rpixen::cli
