#pragma once

#include <string>
#include <vector>

#include "card/card.hpp"
#include "follow/card_files.hpp"
#include "follow/uboot/uboot_shell.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// What the card would do at boot.
struct Survey {
    BootScenario scenario;
    std::vector<std::string> notes;  ///< what was taken for granted, and what could not be followed
};

/// Reads config.txt, U-Boot, its saved environment and script from the card's own files, and follows the
/// script up to booti: of a planned card and of one that was read alike. Throws Error{io}; what is wrong
/// with the card itself is no reason to throw.
Survey survey(const Card& card);
Survey survey(const CardFiles& card);

}  // namespace rpixen
