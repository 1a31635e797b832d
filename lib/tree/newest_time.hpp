#pragma once

#include <cstdint>

#include "tree/file_tree.hpp"

namespace rpixen {

/// The earliest time that every file system of a card can hold, which is a FAT's: 1980-01-01T00:00:00Z.
inline constexpr std::int64_t earliest_time = 315532800;

/// The newest modification time in the tree, in seconds, not before `floor`.
std::int64_t newest_time(const FileTree& tree, std::int64_t floor);

}  // namespace rpixen
