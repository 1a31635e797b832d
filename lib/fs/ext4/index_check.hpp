#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "fs/ext4/health_state.hpp"

namespace rpixen::ext4 {

/// The index of a directory by the hashes of its names (dir_index): that its nodes lead to every block once,
/// in order, and that a block holds no name whose hash belongs elsewhere (e2fsck/pass2.c, parse_int_node).
class IndexCheck {
  public:
    IndexCheck(HealthState& state, const DirectoryFacts& directory);

    /// False where the block is a node of the index and not one of entries.
    bool take_block(std::size_t number, const std::vector<char>& bytes);
    /// `stored`: the hash behind the name, where the directory keeps it there.
    void take_name(std::size_t number, std::string_view name, std::uint32_t stored);
    void finish();

  private:
    enum class Kind : std::uint8_t { unknown, root, node, leaf };
    struct Block {
        Kind kind = Kind::unknown;
        bool referenced = false;
        bool twice = false;
        bool first = false;  ///< of its node
        bool last = false;
        std::size_t parent = 0;
        std::size_t previous = 0;                 ///< the block before it in its node
        std::uint32_t least = ~std::uint32_t{0};  ///< of the hashes in it
        std::uint32_t most = 0;
        std::uint32_t least_allowed = 0;
        std::uint32_t most_allowed = 0;
    };

    void take_root(const std::vector<char>& bytes);
    void take_node(std::size_t number, const std::vector<char>& bytes, std::size_t offset);
    void carry_up(Kind kind);
    unsigned depth_of(const Block& block) const;
    void damage(const std::string& expected, const std::string& found);

    HealthState& state_;
    const DirectoryFacts& directory_;
    std::vector<Block> blocks_;
    int hash_ = 0;  ///< its kind
    unsigned depth_ = 0;
};

}  // namespace rpixen::ext4
