#pragma once

#include <string>
#include <vector>

#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// Holds an ext2, ext3 or ext4's structures against themselves and finds them sound where e2fsck -fn does:
/// superblock, group descriptors, bitmaps, inodes, extents, directories with their indexes, attributes,
/// quotas, journal and file of orphans, each with its checksums; blocks that nobody or two files own, link
/// counts, free counts. Stricter than e2fsck -n in one thing: a file system that was not left clean (its
/// state, a journal to be replayed, orphans) is damaged. Reads metadata only, through libext2fs. `image` is a
/// file (it has a descriptor).
///
/// What is damaged is added to `problems`, its place ("inode 12", "group 3") in Location::pointer; what a
/// feature forbids to prove is added to `unproven`, a sentence each. Throws Error{cancelled, io}.
void check_ext4(const ContentSourcePtr& image, Range range, std::vector<Problem>& problems,
                std::vector<std::string>& unproven, const Supervision& supervision);

}  // namespace rpixen
