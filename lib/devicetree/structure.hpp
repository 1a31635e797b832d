#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/budget.hpp"
#include "base/bytes.hpp"

namespace rpixen {

/// A node of a flattened tree, in the order of the tree: a node's children and theirs follow it.
struct TreeNode {
    std::uint32_t offset = 0;  ///< of its tag in the structure block, as libfdt counts
    std::uint32_t name = 0;    ///< offset of its name in the tree
    std::uint32_t name_size = 0;
    std::uint32_t depth = 0;  ///< 0 for the root
    std::uint32_t end = 0;    ///< index of the first node that is not below it
};

/// Steps are nodes and properties, bytes are those of all paths together.
inline constexpr Budget tree_budget{.of = "the device tree",
                                    .steps = 200'000,
                                    .depth = 64,  // FDT_MAX_DEPTH in Linux' drivers/of/fdt.c
                                    .bytes = std::uint64_t{16} << 20};

/// Proves that a flattened tree (Devicetree Specification 0.4, chapter 5; versions 16 and 17) is sound, so that
/// libfdt can read and change it: the header, where the blocks lie, the end of the memory reservations, every
/// tag, name and length, and that a path leads to one node and no other. Returns the nodes. Throws
/// Error{artifact} that says what is wrong at which offset. Bytes behind the tree's total size are ignored.
std::vector<TreeNode> tree_structure(ByteView bytes, std::string_view name, const Budget& budget = tree_budget);

}  // namespace rpixen
