#pragma once

#include <cstdint>
#include <string_view>

#include "fs/ext4/health_state.hpp"
#include "fs/ext4/index_check.hpp"

namespace rpixen::ext4 {

/// Looks at the entries of every directory and counts the names of each inode (e2fsck/pass2.c), then at how
/// directories hang together (pass3.c).
class DirectoryCheck {
  public:
    explicit DirectoryCheck(HealthState& state) : state_(state), fs_(state.fs) {}

    void run();

  private:
    /// A part of a directory that its entries fill: a block, or a part of an inode.
    struct Area {
        const DirectoryFacts& directory;
        std::string_view bytes;
        bool first;          ///< begins with "." and ".."
        IndexCheck* index;   ///< null without one
        std::size_t number;  ///< of the block
    };
    struct Entry;

    void take(const DirectoryFacts& directory);
    void take_inline(const DirectoryFacts& directory);
    void take_block(const DirectoryFacts& directory, std::size_t number, std::vector<char>& bytes, IndexCheck* index);
    void take_entries(const Area& area);
    void take_dot(const Area& area, const Entry& entry, bool second);
    void take_entry(const Area& area, const Entry& entry);
    void check_target(const Area& area, const Entry& entry);
    void check_name(const Area& area, const Entry& entry);
    bool check_group(ext2_ino_t number) const;
    void check_connections();
    void damage(ext2_ino_t directory, const std::string& expected, const std::string& found);

    HealthState& state_;
    ext2_filsys fs_;
    std::vector<std::pair<ext2_ino_t, ext2_ino_t>> above_;  ///< a directory and what its ".." says
};

}  // namespace rpixen::ext4
