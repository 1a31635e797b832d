#pragma once

#include <cstdint>

#include <rpixen/progress.hpp>

namespace rpixen {

/// Makes `length` bytes of two files one and the same on the disk until either is written to (ioctl_ficlonerange(2)):
/// no byte is copied. False where the file systems cannot, as most: XFS and btrfs can, for whole blocks within one
/// file system. Offsets in bytes.
bool share_range(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::uint64_t length);

/// Copies in the kernel alone (copy_file_range(2)), as far as the file systems let it; on network file systems the
/// server does it. Returns how many of the first bytes are there now: whoever calls copies the rest, and meets there
/// what was wrong. Throws Error{cancelled}.
std::uint64_t copy_range(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::uint64_t length,
                         const Supervision& supervision);

}  // namespace rpixen
