#include "format/mbr.hpp"

#include <algorithm>
#include <limits>

#include <rpixen/error.hpp>

#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::size_t signature_place = 440;
constexpr std::size_t table_place = 446;
constexpr std::size_t entry_size = 16;
constexpr std::size_t primary_count = 4;
constexpr std::size_t end_mark_place = 510;
constexpr std::size_t most_logical = 256;

/// An entry: flag, CHS of the first sector (3 bytes), type, CHS of the last, first sector and length as 32
/// bits.
MbrPartition read_entry(const std::byte* entry, int number) {
    return {number, std::to_integer<std::uint8_t>(entry[4]), entry[0] == std::byte{0x80},
            load_le<std::uint32_t>(entry + 8), load_le<std::uint32_t>(entry + 12)};
}

bool holds_table(ByteView bytes) {
    if (bytes.size() < MasterBootRecord::size || load_le<std::uint16_t>(bytes.data() + end_mark_place) != 0xaa55)
        return false;
    for (std::size_t index = 0; index < primary_count; ++index)
        if ((bytes[table_place + index * entry_size] & std::byte{0x7f}) != std::byte{0}) return false;
    return true;
}

/// Head, sector with the cylinder's upper bits, cylinder; the largest value stands for what cannot be
/// expressed.
void store_chs(std::byte* place, std::uint64_t sector) {
    constexpr std::uint64_t heads = 255;
    constexpr std::uint64_t sectors = 63;
    std::uint64_t cylinder = sector / (heads * sectors);
    std::uint64_t head = sector / sectors % heads;
    std::uint64_t number = sector % sectors + 1;
    if (cylinder > 1023) {
        cylinder = 1023;
        head = heads - 1;
        number = sectors;
    }
    place[0] = static_cast<std::byte>(head);
    place[1] = static_cast<std::byte>(number | (cylinder >> 8) << 6);
    place[2] = static_cast<std::byte>(cylinder & 0xff);
}

/// Follows the chain of extended boot records: each holds one logical partition (placed relative to itself)
/// and the place of the next record (relative to the extended partition).
void read_logical(const MbrPartition& extended, OpenContent& disk, std::uint64_t size, std::vector<std::string>& faults,
                  std::vector<MbrPartition>& partitions) {
    std::uint64_t record = extended.first_sector;
    int number = 5;
    for (std::size_t count = 0; count < most_logical; ++count) {
        if (record >= size / MasterBootRecord::sector) {
            faults.push_back("an extended boot record lies beyond the end of the disk");
            return;
        }
        Bytes bytes(MasterBootRecord::size);
        disk.read(record * MasterBootRecord::sector, bytes);
        if (!holds_table(bytes)) {
            faults.push_back("sector " + std::to_string(record) + " holds no extended boot record");
            return;
        }
        MbrPartition logical = read_entry(bytes.data() + table_place, number);
        if (logical.type != 0 && logical.sectors > 0) {
            logical.first_sector += record;
            if (logical.first_sector < extended.first_sector ||
                logical.first_sector + logical.sectors > extended.first_sector + extended.sectors)
                faults.push_back("logical partition " + std::to_string(number) +
                                 " does not lie inside the extended partition");
            partitions.push_back(logical);
            ++number;
        }
        const MbrPartition next = read_entry(bytes.data() + table_place + entry_size, 0);
        if (!next.extended() || next.sectors == 0) return;
        record = extended.first_sector + next.first_sector;
    }
    faults.push_back("the chain of logical partitions has no end");
}

}  // namespace

std::optional<MasterBootRecord> parse_mbr(ByteView first_sector) {
    if (!holds_table(first_sector)) return std::nullopt;
    MasterBootRecord mbr;
    mbr.disk_signature = load_le<std::uint32_t>(first_sector.data() + signature_place);
    for (std::size_t index = 0; index < primary_count; ++index) {
        const MbrPartition partition = read_entry(first_sector.data() + table_place + index * entry_size,
                                                  static_cast<int>(index) + 1);
        if (partition.type != 0 && partition.sectors > 0) mbr.partitions.push_back(partition);
    }
    return mbr;
}

std::optional<MasterBootRecord> read_mbr(OpenContent& disk, std::uint64_t size, std::vector<std::string>& faults) {
    if (size < MasterBootRecord::size) return std::nullopt;
    Bytes first(MasterBootRecord::size);
    disk.read(0, first);
    auto mbr = parse_mbr(first);
    if (!mbr) return mbr;
    std::vector<MbrPartition> logical;
    for (const MbrPartition& partition : mbr->partitions)
        if (partition.extended()) {
            read_logical(partition, disk, size, faults, logical);
            break;  // Linux, too, takes one extended partition only.
        }
    mbr->partitions.insert(mbr->partitions.end(), logical.begin(), logical.end());
    return mbr;
}

Bytes make_mbr(const MasterBootRecord& mbr) {
    Bytes bytes(MasterBootRecord::size);
    store_le(bytes.data() + signature_place, mbr.disk_signature);
    int before = 0;
    for (const MbrPartition& partition : mbr.partitions) {
        if (partition.number <= before || partition.number > static_cast<int>(primary_count))
            throw Error(ErrorCode::internal, "a partition's number is not 1 to 4 and ascending");
        before = partition.number;
        const std::uint64_t end = checked_add(partition.first_sector, partition.sectors);
        if (end > std::uint64_t{1} << 32 || partition.sectors == 0 || partition.sectors >> 32 != 0)
            throw Error(ErrorCode::unfit,
                        "partition " + std::to_string(partition.number) + " does not fit a DOS partition table",
                        "sectors " + std::to_string(partition.first_sector) + " to " + std::to_string(end),
                        "at least one sector, none beyond 2 TiB", "make the image smaller");
        std::byte* entry = bytes.data() + table_place + static_cast<std::size_t>(partition.number - 1) * entry_size;
        entry[0] = partition.active ? std::byte{0x80} : std::byte{0};
        store_chs(entry + 1, partition.first_sector);
        entry[4] = static_cast<std::byte>(partition.type);
        store_chs(entry + 5, end - 1);
        store_le(entry + 8, static_cast<std::uint32_t>(partition.first_sector));
        store_le(entry + 12, static_cast<std::uint32_t>(partition.sectors));
    }
    store_le<std::uint16_t>(bytes.data() + end_mark_place, 0xaa55);
    return bytes;
}

}  // namespace rpixen
