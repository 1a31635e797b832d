#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace rpixen {

// The structures of the FAT file systems. Little endian; facts: Microsoft "FAT: General Overview of On-Disk
// Format" 1.03 (fatgen103).

/// The boot sector with its BIOS parameter block, of a FAT12, FAT16 or FAT32.
struct FatBootSector {
    static constexpr std::size_t size = 512;  ///< bytes that are read and written

    std::uint32_t bytes_per_sector = 512;   ///< byte 11: 512, 1024, 2048 or 4096
    std::uint32_t sectors_per_cluster = 0;  ///< byte 13: a power of two
    std::uint32_t reserved_sectors = 0;     ///< byte 14: before the first FAT
    std::uint32_t fat_count = 2;            ///< byte 16
    std::uint32_t root_entries = 0;         ///< byte 17: of the fixed root directory; 0 in FAT32
    std::uint32_t total_sectors = 0;        ///< byte 19 or 32
    std::uint8_t media = 0xf8;              ///< byte 21: a disk that stays
    std::uint32_t fat_sectors = 0;          ///< byte 22 or 36: of one FAT
    std::uint32_t hidden_sectors = 0;       ///< byte 28: before the partition
    std::uint32_t root_cluster = 2;         ///< byte 44, FAT32: of the root directory
    std::uint32_t info_sector = 1;          ///< byte 48, FAT32: FSInfo; 0 or 0xffff: none
    std::uint32_t backup_sector = 6;        ///< byte 50, FAT32: of this sector; 0: none
    std::uint32_t volume_id = 0;            ///< byte 67 (FAT32) or 39
    std::string label;                      ///< byte 71 (FAT32) or 43: 11 bytes, spaces at its end removed
    bool fat32 = true;                      ///< byte 22 is 0: the FAT's length stands in the FAT32 part

    std::uint64_t cluster_size() const { return std::uint64_t{bytes_per_sector} * sectors_per_cluster; }
    std::uint32_t root_sectors() const { return (root_entries * 32 + bytes_per_sector - 1) / bytes_per_sector; }
    /// Of data; parse_fat_boot_sector() made sure that it is not beyond the end.
    std::uint32_t first_data_sector() const { return reserved_sectors + fat_count * fat_sectors + root_sectors(); }
    /// Data clusters; they are numbered from 2.
    std::uint32_t clusters() const { return (total_sectors - first_data_sector()) / sectors_per_cluster; }
    /// 12, 16 or 32. As Linux and U-Boot tell it: FAT32 by its own fields, the others by their number of
    /// clusters.
    unsigned kind() const { return fat32 ? 32 : clusters() < 4085 ? 12 : 16; }
};

/// Nothing where the sector is no usable boot sector of a FAT (impossible numbers, no 55 AA).
std::optional<FatBootSector> parse_fat_boot_sector(ByteView sector);

/// The 512 bytes of a FAT32's boot sector; it starts nothing.
Bytes make_fat32_boot_sector(const FatBootSector& boot);

/// FSInfo, a hint for finding free clusters quickly.
struct FatInfo {
    static constexpr std::uint32_t unknown = 0xffffffff;
    std::uint32_t free_clusters = unknown;  ///< byte 488
    std::uint32_t next_free = unknown;      ///< byte 492
    friend bool operator==(const FatInfo&, const FatInfo&) = default;
};
std::optional<FatInfo> parse_fat_info(ByteView sector);
Bytes make_fat_info(const FatInfo& info);

/// A date and a time, in UTC here (FAT itself names no time zone).
struct FatTime {
    std::uint16_t date = 0;       ///< bits 15-9 years since 1980, 8-5 month, 4-0 day; 0: none
    std::uint16_t time = 0;       ///< bits 15-11 hour, 10-5 minute, 4-0 seconds / 2
    std::uint8_t hundredths = 0;  ///< 0 ... 199, on top of `time`; only creation times have them
};
/// Clamped to 1980-01-01T00:00:00 ... 2107-12-31T23:59:59.
FatTime fat_time(std::int64_t seconds, std::uint32_t nanoseconds);
/// Seconds since 1970; 0 where the date is none.
std::int64_t seconds_of(const FatTime& time);

using FatShortName = std::array<char, 11>;  ///< name and extension, each padded with spaces

struct FatAttribute {
    static constexpr std::uint8_t read_only = 0x01;
    static constexpr std::uint8_t hidden = 0x02;
    static constexpr std::uint8_t system = 0x04;
    static constexpr std::uint8_t volume_label = 0x08;
    static constexpr std::uint8_t directory = 0x10;
    static constexpr std::uint8_t archive = 0x20;
    static constexpr std::uint8_t long_name = 0x0f;  ///< all of the first four: part of a long name
};

/// One of the 32-byte entries of a directory.
struct FatEntry {
    static constexpr std::size_t size_on_disk = 32;

    FatShortName name{};          ///< byte 0
    std::uint8_t attributes = 0;  ///< byte 11
    std::uint8_t lower_case = 0;  ///< byte 12: 8 the name, 16 the extension is to be shown in lower case (Windows NT)
    FatTime created;              ///< bytes 13-17
    FatTime modified;             ///< bytes 22-25
    std::uint32_t first_cluster = 0;  ///< bytes 20 and 26; 0: empty, or (in "..") the root directory
    std::uint32_t size = 0;           ///< byte 28: bytes; 0 for directories

    bool directory() const { return (attributes & FatAttribute::directory) != 0; }
};
FatEntry parse_fat_entry(const std::byte* bytes);
void store_fat_entry(std::byte* bytes, const FatEntry& entry);

}  // namespace rpixen
