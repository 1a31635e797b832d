#pragma once

#include <vector>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Reads an ext2, ext3 or ext4 through libext2fs: names, metadata, extended attributes in Linux' form, hard
/// links. Contents stay in the image (its positions are byte offsets) and are read through the tree; holes
/// and unwritten extents are holes. Nothing in the image is trusted: what is damaged is added to `damages`
/// with its path, what is readable nevertheless is in the tree. Throws Error{artifact} where there is no such
/// file system, Error{io}.
FileTree read_ext4(const ContentSourcePtr& image, Range partition, std::vector<Problem>& damages);

}  // namespace rpixen
