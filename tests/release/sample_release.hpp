#pragma once

#include <string>
#include <utility>
#include <vector>

#include "release/release_facts.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::test {

/// The facts of a release with an input of every role and a package of every manager.
ReleaseFacts sample_release();

/// A tree of files in memory; folders on the way are made.
FileTree tree_of(const std::vector<std::pair<std::string, std::string>>& files);

/// "manager name version architecture" of each.
std::vector<std::string> lines_of(const std::vector<InstalledPackage>& packages);

}  // namespace rpixen::test
