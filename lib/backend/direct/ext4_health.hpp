#pragma once

#include <vector>

#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// Holds an ext4's structures against themselves, as e2fsck -fn does: superblock, group descriptors, bitmaps,
/// inodes, extents, directories and attributes with their checksums, blocks that nobody or two files own,
/// link counts, free counts. Reads metadata only, through libext2fs. `image` is a file (it has a descriptor).
/// What is damaged is added to `problems`, its place ("inode 12", "group 3") in Location::pointer. Throws
/// Error{cancelled}.
void check_ext4(const ContentSourcePtr& image, Range range, std::vector<Problem>& problems,
                const Supervision& supervision);

}  // namespace rpixen
