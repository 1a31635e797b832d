#pragma once

#include <string>
#include <vector>

#include <rpixen/compose.hpp>

#include "tree/file_tree.hpp"

namespace rpixen {

/// Looks inside the boot partition's files: boot.scr's checksums, and that the multiboot modules of the
/// device tree name the sizes of the files that are loaded there, at addresses that boot.scr uses. Files
/// whose data cannot be read (only their digests are known) are left out. Throws Error{io}.
std::vector<Difference> check_boot_files(const FileTree& tree, const std::string& partition);

}  // namespace rpixen
