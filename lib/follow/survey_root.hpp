#pragma once

#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Looks at dom0's root file system: who asks for a login on hvc0, what /sbin/init is, the kernels' modules,
/// Xen's tools, /etc/fstab. Symlinks are followed inside the tree. Throws Error{io}.
RootFacts survey_root(const FileTree& tree);

/// The node that a path leads to, symlinks followed inside the tree; nothing where it leads nowhere.
std::optional<NodeId> follow(const FileTree& tree, std::string_view path);

/// Up to `most` bytes of a file; empty where it is none.
std::string read_text(const FileTree& tree, std::string_view path, std::size_t most);

}  // namespace rpixen
