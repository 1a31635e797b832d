#pragma once

#include <string>

#include <rpixen/report.hpp>

#include "card/card.hpp"
#include "follow/check_card.hpp"

namespace rpixen {

/// A card and what was found by following its boot, as a document: for a card that was read, and for a planned one that
/// is to be looked at in the same way. `list_root` as in PlanRequest.
Report report_of(const Card& card, const CardCheck& checked, bool list_root = true);

/// A manifest is JSON and begins like it; no image does. Throws Error{artifact, io}.
bool looks_like_manifest(const std::string& path);

}  // namespace rpixen
