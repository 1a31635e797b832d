#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/size.hpp"
#include "fs/fat/boot_sector.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// A run of clusters that follow each other on the disk.
struct ClusterRun {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
};

/// The file allocation table of a volume of any kind, as read: nothing in it is trusted.
class FatTable {
  public:
    /// How a chain of clusters came to its end.
    enum class End : std::uint8_t {
        proper,
        empty,    ///< it begins with no cluster at all
        free,     ///< leads into a free cluster
        bad,      ///< leads into a cluster marked bad
        outside,  ///< leads out of the volume or its partition
        loop,
        shared,  ///< leads into a cluster of another file
    };
    struct Chain {
        std::vector<ClusterRun> runs;
        std::uint32_t clusters = 0;
        End end = End::proper;
    };

    /// Reads the first FAT; `clusters` (the numbers 2 ... clusters + 1) are those that exist and can be read.
    FatTable(OpenContent& volume, const FatBootSector& boot, std::uint32_t clusters);

    /// Number of a FAT whose bytes differ from the first; 0: all are equal.
    std::uint32_t differing_copy(OpenContent& volume) const;
    /// Whether entry 0 holds ones and a media descriptor, as in every FAT: what is none begins otherwise.
    bool begins_as_a_fat() const;
    /// The bits of entry 1 that say "not taken out properly" or "read errors"; FAT12 has none.
    bool dirty() const;

    /// Follows a chain and keeps its clusters for its file.
    Chain claim(std::uint32_t first);

    std::uint32_t free_clusters() const;
    /// The first cluster behind the last that is not free; 2 where all are free.
    std::uint32_t used_end() const;
    /// Neither free nor bad, and in no claimed chain.
    std::uint32_t lost_clusters() const;

  private:
    bool exists(std::uint32_t cluster) const { return cluster >= 2 && cluster - 2 < clusters_; }
    /// As FAT32 has them: 0 free, 0x0ffffff7 bad, from 0x0ffffff8 on the end.
    std::uint32_t entry(std::uint32_t cluster) const;

    FatBootSector boot_;
    unsigned kind_;
    std::uint32_t clusters_;
    Bytes bytes_;
    std::vector<bool> claimed_;
};

/// The clusters that the boot sector promises, the FAT has entries for, and a volume of `size` bytes holds.
std::uint32_t readable_clusters(const FatBootSector& boot, std::uint64_t size);

}  // namespace rpixen
