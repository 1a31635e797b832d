#pragma once

#include "storage/input_file.hpp"

namespace rpixen {

/// Checks the superblock of a prebuilt ext2, ext3 or ext4 image: its blocks are all there, and it was left
/// clean. Throws Error{artifact}.
void check_ext_image(const InputFile& image);

}  // namespace rpixen
