#pragma once

#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"
#include "tree/tree_files.hpp"

namespace rpixen {

/// Looks at dom0's root file system: who asks for a login on hvc0, what /sbin/init is, the kernels' modules,
/// Xen's tools, /etc/fstab. Symlinks are followed inside the tree. Throws Error{io}.
RootFacts survey_root(const FileTree& tree);

}  // namespace rpixen
