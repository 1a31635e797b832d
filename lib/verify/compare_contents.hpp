#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

#include "verify/compare_trees.hpp"

namespace rpixen {

/// Files of two trees whose data is to be compared.
struct FilesToCompare {
    std::string partition;  ///< for the differences
    const FileTree* expected = nullptr;
    const FileTree* found = nullptr;
    std::vector<FilePair> files;
};

/// Partitions whose bytes are to be compared.
struct BytesToCompare {
    std::string partition;
    Content expected;
    Content found;
};

struct ContentsToCompare {
    std::vector<FilesToCompare> trees;
    std::vector<BytesToCompare> partitions;
    /// That image ends too early, so that what cannot be read of it is its fault and not the system's.
    bool expected_is_cut = false;
    bool found_is_cut = false;
    /// What is damaged on the expected side is a difference too; otherwise it is an error.
    bool expected_is_read = false;
    /// More differences than this are counted and not kept.
    std::uint64_t most_differences = std::numeric_limits<std::uint64_t>::max();
};

struct ContentComparison {
    std::vector<Difference> differences;  ///< "content" with both digests, sorted by partition and path
    std::uint64_t left_out = 0;
    std::uint64_t bytes = 0;  ///< of the found side that were read
};

/// Whether a file of that size is to be compared. The quick form looks into small files of a FAT only, which decide how
/// the card boots.
bool reads_content(VerifyForm form, bool fat, std::uint64_t size) noexcept;

/// Compares by SHA-256, on several threads, in the order of the found side's places. Throws Error{io, artifact,
/// cancelled}.
ContentComparison compare_contents(const ContentsToCompare& contents, const Supervision& supervision);

}  // namespace rpixen
