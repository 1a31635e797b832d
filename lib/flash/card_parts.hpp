#pragma once

#include <cstdint>
#include <vector>

#include "base/size.hpp"

namespace rpixen {

/// The part of a card that is written last: without it, and the partition table in it, a card starts nothing.
inline constexpr std::uint64_t card_head = MiB;
/// The largest part that is read or written in one go; parts end at multiples of it, as the erase blocks of cards do.
inline constexpr std::uint64_t largest_part = 4 * MiB;

/// In which parts a card is written on which the bytes `ranges` (ascending, apart) of an image of `image_size` bytes
/// matter: first its head, whole; then the ranges behind it, joined over small gaps as a block map joins them, in whole
/// pages up to the end of the device (`device_size` bytes, at least the image's; whole sectors). Ascending, apart.
std::vector<Range> card_parts(const std::vector<Range>& ranges, std::uint64_t image_size, std::uint64_t device_size);

}  // namespace rpixen
