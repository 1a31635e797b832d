#pragma once

#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "board/board_model.hpp"
#include "devicetree/device_tree.hpp"

namespace rpixen {

/// A device tree of the manifest.
struct BoardTree {
    const BoardModel* model = nullptr;  ///< null: the card has one tree, and the script does not choose
    std::string file;                   ///< its name on the card
    Content content;
    DeviceTree tree;
};

/// Reads a small artifact as a tree or an overlay; `name` is for messages where it has no path. Throws
/// Error{artifact}.
DeviceTree read_tree(const Artifact& artifact, const std::string& name);

/// The trees of the manifest, in its order. One alone is taken for whatever board it is, under the name of
/// the Raspberry Pi 4 B's; of several each is for another board of the family and has that board's own name.
/// Throws one Error{artifact} for trees that are none, are for no board of the family, or for the same one.
std::vector<BoardTree> read_board_trees(const Manifest& manifest, const ArtifactSet& artifacts);

}  // namespace rpixen
