#pragma once

#include <string>
#include <vector>

namespace rpixen {

/// The names in a folder, sorted. Throws Error{io}.
std::vector<std::string> names_in(const std::string& folder);

/// Throws Error{usage} where a release may not take the place of what is there: it is no folder, or holds anything that
/// an earlier release does not list in its SHA256SUMS.
void check_replaceable(const std::string& folder);

}  // namespace rpixen
