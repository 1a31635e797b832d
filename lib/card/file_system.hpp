#pragma once

#include <string>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// The file system in a part of an image, by its magic numbers: "fat12", "fat16", "fat32", "ext2", "ext3",
/// "ext4", or the name of one that is only recognised ("squashfs", "btrfs", "f2fs", "xfs", "swap", "luks",
/// "ntfs", "exfat", "iso9660"). Empty where there is none that is known. `range` lies inside the image.
std::string detect_file_system(const ContentSourcePtr& image, Range range);

}  // namespace rpixen
