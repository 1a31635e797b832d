#pragma once

#include <string>
#include <vector>

#include "fs/ext4/size.hpp"
#include "support/temporary_folder.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::test {

/// A wish with every identifier set.
Ext4Wish sample_wish(std::uint64_t free = 4 << 20);

/// Writes the ext4 of `tree` to the file `name` of the folder, from its first byte on, and returns its path.
std::string make_ext4(const TemporaryFolder& folder, const std::string& name, const FileTree& tree,
                      const Ext4Wish& wish = sample_wish());

/// e2fsck -fn finds nothing at all.
void expect_clean(const std::string& image);

/// What debugfs prints for one command.
std::string debugfs(const std::string& image, const std::string& command);

/// A path as debugfs reads it.
std::string debugfs_quoted(std::string_view path);

/// Every name, type, mode, owner, time, size, link count, device number, symlink target and byte of `tree`,
/// and nothing else, is in the image, by debugfs' word.
void expect_equal(const std::string& image, const FileTree& tree);

/// Repeatable bytes without holes.
std::string noise(std::size_t length, unsigned seed);

}  // namespace rpixen::test
