#pragma once

#include <functional>
#include <string>
#include <vector>

namespace rpixen {

/// The names in a folder, sorted. Throws Error{io}.
std::vector<std::string> names_in(const std::string& folder);

/// A folder that a command writes as a whole, and may write again.
struct ReplaceableFolder {
    std::string what;  ///< "a release"
    /// The names that an earlier one in `folder` says that it holds; empty where there is none.
    std::function<std::vector<std::string>(const std::string& folder)> listed;
};

/// Throws Error{usage} where it may not take the place of what is there: no folder, or one that holds anything that an
/// earlier one does not list.
void check_replaceable(const ReplaceableFolder& kind, const std::string& folder);
/// The same, and where an input lies in what would be replaced.
void check_replaceable(const ReplaceableFolder& kind, const std::string& folder,
                       const std::vector<std::string>& inputs);

}  // namespace rpixen
