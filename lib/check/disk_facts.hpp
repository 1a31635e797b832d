#pragma once

#include "boot/scenario.hpp"
#include "image/card.hpp"

namespace rpixen {

/// A card's partition table and file systems as the rules see them.
DiskFacts disk_facts(const Card& card);

}  // namespace rpixen
