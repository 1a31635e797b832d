#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tree/file_tree.hpp"

namespace rpixen {

/// A pattern for paths in the form of gitignore(5): '*', '?' and '[...]' match within a name, a leading dot
/// too, and "**" any number of folders; a trailing "/**" matches everything inside. A pattern with a '/' at
/// its start or inside begins at the tree's root, any other matches at every depth; one that ends with '/'
/// matches folders only. "/" is the root itself. '\' takes the special meaning from what follows it.
class PathPattern {
  public:
    explicit PathPattern(std::string_view pattern);

    /// The nodes that have a matching path, each once, in the order of their paths.
    std::vector<NodeId> matches(const FileTree& tree) const;

  private:
    std::vector<std::string> names_;  ///< between the slashes
    bool directories_only_ = false;
};

/// Whether a name without '/' matches a pattern without "**".
bool matches_name(std::string_view pattern, std::string_view name);

}  // namespace rpixen
