#pragma once

#include <vector>

#include "base/size.hpp"
#include "card/card.hpp"

namespace rpixen {

/// The bytes of a planned card's image that hold data or have to be zero, ascending and apart: the partition table, a
/// FAT up to its last used cluster with both copies of its table, every used block of an ext4 with its whole journal
/// and inode tables, all of a prebuilt file system. What lies between them does not matter: a card that held something
/// else there is as good. Multiples of 512 bytes.
std::vector<Range> mapped_ranges(const Card& card);

/// The same of a card that was read, whoever made it: everything but what a sound FAT or ext leaves free in 64 KiB and
/// more at a time. Nothing is known of a file system of another kind, or of a damaged one: all of it matters, as does
/// what lies between and behind partitions; and where partitions overlap, all of the image. Throws Error{io, artifact}.
std::vector<Range> mapped_ranges_of_image(const Card& card);

}  // namespace rpixen
