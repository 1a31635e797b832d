#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/digest.hpp"

namespace rpixen::ext4 {

/// The unsigned half-MD4 directory hash of a name (fs/ext4/hash.c in Linux; the version that s_flags
/// "unsigned hash" means).
struct NameHash {
    std::uint32_t major = 0;  ///< even: the lowest bit marks a continued hash in the index
    std::uint32_t minor = 0;
    friend auto operator<=>(const NameHash&, const NameHash&) = default;
};
NameHash hash_of(std::string_view name, const Uuid& seed);

/// Bytes of a directory entry: eight and the name, rounded up to four.
constexpr std::uint32_t entry_size(std::size_t name_length) {
    return static_cast<std::uint32_t>((8 + name_length + 3) / 4 * 4);
}

// Each block ends with a checksum: a fake entry of 12 bytes behind entries, 8 bytes behind an index.
inline constexpr std::uint32_t entries_end = 4096 - 12;
inline constexpr std::uint32_t root_index_begin = 32;  ///< behind "." and ".." and the root's facts
inline constexpr std::uint32_t root_index_limit = (4096 - root_index_begin - 8) / 8;
inline constexpr std::uint32_t node_index_begin = 8;
inline constexpr std::uint32_t node_index_limit = (4096 - node_index_begin - 8) / 8;

/// How the entries of a directory are spread over its blocks. A directory of one block holds them in the
/// order given; a larger one has an index (htree) of one or two levels in front of leaves that are sorted by
/// hash and filled to the end.
struct DirectoryPlan {
    struct Leaf {
        std::uint32_t first = 0;  ///< in `order`
        std::uint32_t hash = 0;   ///< where it begins; odd where the leaf before ends with the same hash
    };
    std::vector<std::uint32_t> order;  ///< places in `names`
    std::vector<Leaf> leaves;
    bool indexed = false;
    std::uint32_t index_nodes = 0;  ///< between the root and the leaves

    std::uint32_t block_count() const {
        return indexed ? 1 + index_nodes + static_cast<std::uint32_t>(leaves.size()) : 1;
    }
};

/// `names`: without "." and "..". Throws Error{unfit} beyond two levels of index (some four million long
/// names).
DirectoryPlan plan_directory(std::span<const std::string_view> names, const Uuid& hash_seed);

}  // namespace rpixen::ext4
