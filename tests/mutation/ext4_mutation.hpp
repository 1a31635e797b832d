#pragma once

#include <string>
#include <vector>

#include "mutation/mutated_file.hpp"

namespace rpixen::test {

/// Changes a field of one structure of an ext2, ext3 or ext4 that begins with the file, and mostly corrects the
/// checksum over it, so that what lies behind the checksum is tried too. Knows the plain layouts that mke2fs makes.
class Ext4Mutation {
  public:
    /// Reads where things are from the file system, which is sound.
    explicit Ext4Mutation(MutatedFile& file);
    /// What is chosen from now on.
    void begin(std::uint64_t seed) { chance_ = Chance(seed); }

    void superblock();
    void group_descriptor();
    void inode();
    void extents();
    void directory();
    void bitmap();
    void attributes();
    void journal();

  private:
    std::uint64_t descriptor(std::uint64_t group) const;
    std::uint64_t inode_place(std::uint32_t number) const;
    std::uint32_t inode_seed(std::uint32_t number) const;
    /// An inode that is used, of that type in i_mode (0: any).
    std::uint32_t used_inode(unsigned type);
    /// The first block of an inode's data; 0: none.
    std::uint64_t first_block(std::uint32_t number) const;
    void change(std::uint64_t place, std::size_t size);
    bool correct() { return checksums_ && !chance_.one_in(8); }
    void correct_superblock();
    void correct_descriptor(std::uint64_t group);
    void correct_inode(std::uint32_t number);

    MutatedFile& file_;
    Chance chance_{0};
    std::uint64_t block_size_ = 0;
    std::uint64_t inode_size_ = 0;
    std::uint64_t descriptor_size_ = 0;
    std::uint64_t groups_ = 0;
    std::uint32_t inodes_per_group_ = 0;
    std::uint32_t blocks_per_group_ = 0;
    std::uint64_t first_data_block_ = 0;
    bool checksums_ = false;
    std::uint32_t seed_ = 0;
    std::vector<std::uint32_t> used_;  ///< inodes
};

}  // namespace rpixen::test
