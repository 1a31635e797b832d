#pragma once

#include <rpixen/report.hpp>

#include "card/card.hpp"
#include "follow/check_card.hpp"

namespace rpixen {

/// A card and what was found by following its boot, as a document: for a card that was read, and for a planned one that
/// is to be looked at in the same way. `list_root` as in PlanRequest.
Report report_of(const Card& card, const CardCheck& checked, bool list_root = true);

}  // namespace rpixen
