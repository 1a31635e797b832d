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

}  // namespace rpixen
