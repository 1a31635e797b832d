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
    /// What the card starts and could not be followed up to Xen, in words; empty: nothing of the kind.
    std::string not_followed;
    std::vector<std::string> notes;  ///< what was taken for granted, and what could not be followed
    /// The boards that the script chooses among; empty: it does the same on all of the family.
    std::vector<const BoardModel*> boards;
    /// The same card on the second of these boards and the following ones; `scenario` is the first's.
    std::vector<Survey> others;
};

/// Reads config.txt, U-Boot, its saved environment and script from the card's own files, and follows the
/// script up to booti: of a planned card and of one that was read alike. Where the script chooses by the
/// board this is done for each that it knows. Throws Error{io}; what is wrong
/// with the card itself is no reason to throw.
Survey survey(const Card& card);
Survey survey(const CardFiles& card);

}  // namespace rpixen
