#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// The root file system that a manifest's layers make.
struct RootFileSystem {
    FileTree tree;                    ///< all layers, merged
    std::optional<Content> prebuilt;  ///< instead of `tree`: an ext4 image
    std::vector<std::string> notes;   ///< what was left out or changed on the way into `tree`
    std::vector<std::string> inputs;  ///< every path that was read, for depfiles and reports
};

}  // namespace rpixen
