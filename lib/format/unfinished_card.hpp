#pragma once

#include <string_view>

namespace rpixen {

/// How the first sector of a card begins that `flash` has not written to its end: where the boot code of a partition
/// table would stand, so that the card starts nothing and says why to whoever looks at it (head -c 512).
inline constexpr std::string_view unfinished_card =
    "rpixen-img: this card was not written to its end, and it does not boot.\n"
    "Write it again: rpixen-img flash IMAGE DEVICE\n";

/// Whether a card's first sector says so.
inline bool says_unfinished(std::string_view first_sector) {
    return first_sector.starts_with(unfinished_card.substr(0, unfinished_card.find(',')));
}

}  // namespace rpixen
