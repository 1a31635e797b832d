#pragma once

#include <vector>

#include "mutation/mutated_file.hpp"

namespace rpixen::test {

/// Changes one structure of a FAT12, FAT16 or FAT32 that begins with the file.
class FatMutation {
  public:
    /// Reads where things are from the file system, which is sound.
    explicit FatMutation(MutatedFile& file);
    /// What is chosen from now on.
    void begin(std::uint64_t seed) { chance_ = Chance(seed); }

    void boot_sector();
    /// An entry of the table, mostly in all its copies: chains that lead elsewhere, end early, or meet.
    void chain();
    void directory();

  private:
    std::uint32_t entry(std::uint32_t cluster) const;
    void set_entry(std::uint64_t table, std::uint32_t cluster, std::uint32_t value);
    std::vector<std::uint64_t> entries() const;
    std::uint64_t place_of(std::uint32_t cluster) const { return data_ + (cluster - 2) * std::uint64_t{cluster_size_}; }

    MutatedFile& file_;
    Chance chance_{0};
    unsigned bits_ = 12;
    std::uint32_t sector_ = 512;
    std::uint64_t table_ = 0;  ///< bytes: the first FAT
    std::uint64_t table_size_ = 0;
    unsigned tables_ = 2;
    std::uint64_t root_ = 0;  ///< bytes: the fixed root directory, or the root's first cluster
    std::uint64_t root_size_ = 0;
    std::uint64_t data_ = 0;  ///< bytes: cluster 2
    std::uint32_t cluster_size_ = 0;
    std::uint32_t clusters_ = 0;
    std::vector<std::uint32_t> used_;  ///< clusters
};

}  // namespace rpixen::test
