#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "tree/file_tree.hpp"

// Files of a tree as a program that runs on it would see them.

namespace rpixen {

/// The node that a path leads to, symlinks followed inside the tree; nothing where it leads nowhere.
std::optional<NodeId> follow(const FileTree& tree, std::string_view path);

/// The first `most` bytes of a file, its holes filled; all of it where it is shorter. Throws Error{io}.
Bytes start_of(const FileTree& tree, NodeId file, std::size_t most);

/// Up to `most` bytes of a file; empty where it is none. Throws Error{io}.
std::string read_text(const FileTree& tree, std::string_view path, std::size_t most);

}  // namespace rpixen
