#pragma once

#include <map>
#include <string>

#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"

// Cards that need no image: files as trees, and a disk without faults to stand on.

namespace rpixen::test {

/// Path -> content.
FileTree tree_of(const std::map<std::string, std::string>& files);

/// A FAT of 48 MiB, which boots, and an ext4 of 16 MiB.
DiskFacts good_disk();

}  // namespace rpixen::test
