#pragma once

#include <map>
#include <string>
#include <vector>

#include "card/card.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// A card as a boot is followed on it: its disk as the rules see it, and the files of each file system by
/// partition number.
struct CardFiles {
    DiskFacts disk;
    std::map<unsigned, const FileTree*> trees;
    std::vector<std::string> not_proven{};            ///< what a file system's features keep from being proven
    const KernelArtifact* examined_kernel = nullptr;  ///< Card::kernel; null: none
};

/// Of a card, a planned one or one that was read, which must outlive the result.
CardFiles card_files(const Card& card);

}  // namespace rpixen
