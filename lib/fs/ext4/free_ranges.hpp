#pragma once

#include <vector>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// What an ext2, ext3 or ext4 says is free in it, where that is at least `least` bytes in one piece: bytes of the
/// image, ascending and apart. `partition` lies inside the image. The file system was found sound (health.hpp). Throws
/// Error{io}, Error{artifact} where it cannot be read.
std::vector<Range> free_ranges(const ContentSource& image, Range partition, std::uint64_t least);

}  // namespace rpixen
