#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "storage/content.hpp"

namespace rpixen {

struct GptPartition {
    int number = 0;                  ///< from 1
    std::string type;                ///< GUID, lower case: "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7"
    std::string guid;                ///< of this partition (PARTUUID)
    std::uint64_t first_sector = 0;  ///< of 512 bytes
    std::uint64_t sectors = 0;
    std::uint64_t attributes = 0;  ///< bit 2: legacy BIOS bootable
    std::string name;              ///< UTF-8
};

/// A GUID partition table on 512-byte sectors. Read only: images made elsewhere may have one.
/// Facts: UEFI 2.10, 5.3.2 and 5.3.3; Linux block/partitions/efi.c.
struct GuidPartitionTable {
    std::string disk_guid;
    std::vector<GptPartition> partitions;  ///< ascending numbers, unused entries left out
    bool from_backup = false;              ///< the first table was unusable
    std::vector<std::string> faults;       ///< what is wrong with either copy, in words
};

/// Nothing where neither copy is usable (magic, CRCs, bounds) and no trace of a table was found. Where only
/// traces of a damaged one were found, a table without partitions that names its faults. Throws Error{io}.
std::optional<GuidPartitionTable> read_gpt(OpenContent& disk, std::uint64_t size);

}  // namespace rpixen
