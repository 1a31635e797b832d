#pragma once

#include <string>
#include <vector>

#include <rpixen/diagnostic.hpp>

#include "card/card.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// Why a card would not boot, as far as a host can know.
struct CardCheck {
    std::vector<Diagnostic> diagnostics;  ///< errors first, then by id
    std::vector<std::string> notes;       ///< what was taken for granted, and what could not be followed
    std::string not_followed;             ///< what the verdict cannot rest on; empty: the boot was followed
    BootScenario scenario;                ///< what was judged
};

/// Surveys a card, a planned one or one that was read, and judges it. Throws Error{io}.
CardCheck check_card(const Card& card);

}  // namespace rpixen
