#pragma once

#include <optional>

#include "tree/file_tree.hpp"

namespace rpixen {

/// A time as the kernel keeps it on ext4 with inodes of 256 bytes: brought to the limits 1901-12-13T20:45:52Z
/// and 2446-05-10T22:38:55Z, at which there are no nanoseconds; nothing where it is kept as it is. Facts:
/// Linux fs/inode.c (timestamp_truncate) and fs/ext4/ext4.h (EXT4_TIMESTAMP_MIN, EXT4_EXTRA_TIMESTAMP_MAX).
std::optional<Timestamp> brought_into_range(const Timestamp& time);

}  // namespace rpixen
