#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <rpixen/compose.hpp>

#include "card/card.hpp"

namespace rpixen {

/// A file whose data is still to be compared.
struct FilePair {
    NodeId expected = no_id;
    NodeId found = no_id;
};

/// What two trees differ in but the data of their files, path by path.
struct TreeComparison {
    std::vector<Difference> differences;
    std::vector<FilePair> files;  ///< of the same size, each node once
    std::uint64_t entries = 0;    ///< compared
    std::uint64_t left_out = 0;   ///< differences beyond the limit
};

/// What a comparison of trees may do.
struct TreeComparisonForm {
    bool fat = false;
    /// A lost+found that is only in the found tree is told too: both were read, none is a plan.
    bool lost_and_found = false;
    std::uint64_t most_differences = std::numeric_limits<std::uint64_t>::max();  ///< that are kept
};

/// Compares as far as the kind of file system can tell: a FAT has no owners, modes, links and attributes, and
/// its times are even seconds. Modes and owners of symlinks count, lost+found may be there without being
/// expected.
TreeComparison compare_trees(const std::string& partition, const TreeComparisonForm& form, const FileTree& expected,
                             const FileTree& found);

}  // namespace rpixen
