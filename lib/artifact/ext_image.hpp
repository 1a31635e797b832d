#pragma once

#include "storage/input_file.hpp"

namespace rpixen {

/// Checks the superblock of a prebuilt ext2, ext3 or ext4 image: its blocks are all there. Throws
/// Error{artifact}. Facts: Linux fs/ext4/ext4.h, struct ext4_super_block; it lies 1024 bytes into the image.
void check_ext_image(const InputFile& image);

}  // namespace rpixen
