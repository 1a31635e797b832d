#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

#include "fs/ext4/libext2fs.hpp"
#include "fs/ext4/used_blocks.hpp"

namespace rpixen::ext4 {

/// Collects what is damaged, and what a feature forbids to prove.
class HealthReport {
  public:
    HealthReport(std::vector<Problem>& problems, std::vector<std::string>& unproven)
        : problems_(problems), unproven_(unproven), limit_(problems.size() + most_problems) {}

    /// `place`: "inode 12", "group 3", "superblock".
    void damage(const std::string& place, const std::string& what, const std::string& expected,
                const std::string& found);
    void compare(const std::string& place, const std::string& what, std::uint64_t expected, std::uint64_t found);
    /// One sentence without a full stop; said once.
    void unproven(std::string what);
    bool full() const { return problems_.size() >= limit_; }

  private:
    static constexpr std::size_t most_problems = 1000;

    std::vector<Problem>& problems_;
    std::vector<std::string>& unproven_;
    std::size_t limit_;
};

/// "inode 12"
std::string place_of(ext2_ino_t number);

/// What was found of an inode.
struct InodeFacts {
    std::uint32_t names = 0;    ///< entries of directories that lead to it, "." and ".." too
    std::uint32_t parent = 0;   ///< of a directory: the one whose entry leads to it
    std::uint16_t claimed = 0;  ///< links, as it says itself
    std::uint8_t type = 0;      ///< as in a directory's entry; 0: none that is known
    bool used = false;          ///< belongs into the bitmap of inodes
    bool encrypted = false;
    bool casefolded = false;
    bool indexed = false;
};

/// A directory whose blocks are looked at when every inode is known.
struct DirectoryFacts {
    ext2_ino_t number = 0;
    std::uint32_t flags = 0;
    std::uint64_t size = 0;       ///< bytes
    std::vector<blk64_t> blocks;  ///< by their place in the directory; 0: a hole
};

/// How often attributes refer to an inode that holds a value (ea_inode).
struct ValueInode {
    bool flagged = false;          ///< says of itself that it is one
    std::uint64_t claimed = 0;     ///< references, as it says itself
    std::uint64_t references = 0;  ///< as found
    bool lustre = false;           ///< of the old form, which counts none
};

/// What the parts of the health check share. Everything is read; nothing is trusted.
struct HealthState {
    ext2_filsys fs = nullptr;
    HealthReport& report;
    const Supervision& supervision;
    UsedBlocks used{};
    std::vector<InodeFacts> inodes{};  ///< by number, up to the last one of interest
    std::vector<DirectoryFacts> directories{};
    std::map<ext2_ino_t, ValueInode> value_inodes{};

    /// `number` is one of the file system's.
    InodeFacts& facts_of(ext2_ino_t number) {
        if (number >= inodes.size()) inodes.resize(std::size_t{number} + 1);
        return inodes[number];
    }
    const ext2_super_block& super() const { return *fs->super; }
    ext2_ino_t first_inode() const { return EXT2_FIRST_INODE(fs->super); }
};

/// An inode with what follows its first 128 bytes.
struct LargeInode {
    explicit LargeInode(ext2_filsys fs)
        : bytes(std::max<std::size_t>(EXT2_INODE_SIZE(fs->super), sizeof(ext2_inode_large))) {}

    ext2_inode* small() { return reinterpret_cast<ext2_inode*>(bytes.data()); }
    ext2_inode_large* large() { return reinterpret_cast<ext2_inode_large*>(bytes.data()); }

    std::vector<char> bytes;
};

}  // namespace rpixen::ext4
