#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "fs/ext4/health_state.hpp"

namespace rpixen::ext4 {

/// Holds what the quota files say that users, groups and projects take against what was found
/// (quota_compare_and_update in e2fsprogs' lib/support/mkquota.c).
class QuotaCheck {
  public:
    explicit QuotaCheck(HealthState& state);

    /// An inode with its blocks (bytes).
    void charge(const ext2_inode_large& inode, std::uint64_t bytes, std::uint64_t inodes);
    /// When every inode was charged.
    void finish();

  private:
    struct Usage {
        std::uint64_t bytes = 0;
        std::uint64_t inodes = 0;
        bool listed = false;  ///< in the quota file
    };
    using Usages = std::map<std::uint32_t, Usage>;

    void compare(std::size_t kind, ext2_ino_t file);
    bool read(ext2_ino_t file, std::vector<char>& bytes);
    bool take_tree(const std::vector<char>& bytes, std::uint32_t block, unsigned depth, unsigned& visited,
                   Usages& usages, const std::string& place);
    void take_entries(const std::vector<char>& bytes, std::uint32_t block, Usages& usages, const std::string& place);

    HealthState& state_;
    bool on_ = false;
    std::array<Usages, 3> usages_;  ///< of users, groups and projects, by their number
};

}  // namespace rpixen::ext4
