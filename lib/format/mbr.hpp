#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// One entry of a master boot record, or a logical partition.
struct MbrPartition {
    int number = 0;  ///< 1 ... 4 primary, from 5 on logical
    std::uint8_t type = 0;
    bool active = false;
    std::uint64_t first_sector = 0;  ///< of 512 bytes, from the start of the disk
    std::uint64_t sectors = 0;

    static constexpr std::uint8_t fat32_lba = 0x0c;
    static constexpr std::uint8_t linux_data = 0x83;
    static constexpr std::uint8_t gpt_protective = 0xee;
    /// 0x05, 0x0f or 0x85: holds logical partitions.
    bool extended() const { return type == 0x05 || type == 0x0f || type == 0x85; }
    friend bool operator==(const MbrPartition&, const MbrPartition&) = default;
};

/// A DOS partition table. Little endian; facts: UEFI 2.10, 5.2.1; Linux block/partitions/msdos.c.
struct MasterBootRecord {
    static constexpr std::size_t size = 512;  ///< bytes
    static constexpr std::uint64_t sector = 512;

    std::uint32_t disk_signature = 0;      ///< byte 440; PARTUUID=<signature in 8 hex digits>-<number in 2>
    std::vector<MbrPartition> partitions;  ///< byte 446: ascending numbers, empty entries left out
};

/// Nothing where the sector does not end in 55 AA or an entry has an impossible active flag (a FAT boot
/// sector has both: look for a file system first).
std::optional<MasterBootRecord> parse_mbr(ByteView first_sector);

/// The primary partitions of `disk` (of `size` bytes) and the logical ones inside an extended one; what is
/// wrong with the chain of logical partitions is named in `faults`. Throws Error{io}.
std::optional<MasterBootRecord> read_mbr(OpenContent& disk, std::uint64_t size, std::vector<std::string>& faults);

/// The 512 bytes of a disk's first sector, without boot code. Cylinder, head and sector are those of a disk
/// with 255 heads and 63 sectors, as sfdisk writes them. Throws Error{unfit} where a partition lies beyond 2
/// TiB, Error{internal} for numbers that are not 1 ... 4 and ascending.
Bytes make_mbr(const MasterBootRecord& mbr);

}  // namespace rpixen
