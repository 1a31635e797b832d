#include "boot/board_trees.hpp"

#include <algorithm>

#include "boot/names.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

std::string family_compatibles() {
    std::vector<std::string> words;
    for (const BoardModel& model : board_models())
        words.push_back(std::string(model.compatible) + " (" + std::string(model.name) + ")");
    return describe_list(words);
}

/// Finds out which board each tree is for.
void assign_boards(std::vector<BoardTree>& trees, const Manifest& manifest, const ArtifactSet& artifacts) {
    std::vector<Problem> problems;
    for (std::size_t index = 0; index < trees.size(); ++index) {
        const std::string& path = artifacts.dtbs[index].path;
        const Location location = index < manifest.dtbs.size() ? manifest.dtbs[index].location : Location{};
        const BoardModel* model = board_of_tree(trees[index].tree.compatible());
        if (!model) {
            problems.push_back({.message = "the device tree is for no board of the Raspberry Pi 4 family",
                                .found = path + ", compatible " + describe_list(trees[index].tree.compatible()),
                                .allowed = family_compatibles(),
                                .change = "remove it from the list",
                                .location = location});
            continue;
        }
        const auto other = std::find_if(trees.begin(), trees.begin() + static_cast<std::ptrdiff_t>(index),
                                        [&](const BoardTree& tree) { return tree.model == model; });
        if (other != trees.begin() + static_cast<std::ptrdiff_t>(index))
            problems.push_back(
                {.message = "two device trees are for one board, the " + std::string(model->name),
                 .found = artifacts.dtbs[static_cast<std::size_t>(other - trees.begin())].path + " and " + path,
                 .allowed = "one for each board",
                 .change = "remove one of them",
                 .location = location});
        trees[index].model = model;
        trees[index].file = model->tree;
    }
    if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
}

}  // namespace

DeviceTree read_tree(const Artifact& artifact, const std::string& name) {
    if (artifact.content.size > 16 * MiB)
        throw Error(ErrorCode::artifact, name + " is too large for a device tree", format_size(artifact.content.size),
                    "at most 16MiB");
    return DeviceTree::parse(read_all(artifact.content), artifact.path.empty() ? name : artifact.path);
}

std::vector<BoardTree> read_board_trees(const Manifest& manifest, const ArtifactSet& artifacts) {
    std::vector<BoardTree> trees;
    for (const Artifact& artifact : artifacts.dtbs) {
        trees.push_back({nullptr, boot_name::tree, artifact.content, read_tree(artifact, "dtb")});
        if (trees.back().tree.is_overlay())
            throw Error(ErrorCode::artifact, "the device tree is an overlay", artifact.path,
                        "a complete device tree for a Raspberry Pi 4", "name it under overlays");
    }
    if (trees.empty()) throw Error(ErrorCode::internal, "the artifacts have no device tree");
    if (trees.size() > 1) assign_boards(trees, manifest, artifacts);
    return trees;
}

}  // namespace rpixen
