#pragma once

#include <map>
#include <string>
#include <vector>

#include "boot/scenario.hpp"
#include "check/uboot_shell.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// A card that anybody made, as far as it was read: its disk, and the files of each file system by partition
/// number.
struct CardFiles {
    DiskFacts disk;
    std::map<unsigned, const FileTree*> trees;
};

/// What the card would do at boot.
struct Survey {
    BootScenario scenario;
    std::vector<std::string> notes;  ///< what was taken for granted, and what could not be followed
};

/// Reads config.txt, U-Boot, its saved environment and script, and follows the script up to booti. Throws
/// Error{io}; what is wrong with the card itself is no reason to throw.
Survey survey(const CardFiles& card);

}  // namespace rpixen
