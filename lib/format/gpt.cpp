#include "format/gpt.hpp"

#include <algorithm>
#include <cstring>

#include "base/digest.hpp"
#include "format/crc32.hpp"
#include "format/utf16.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::size_t least_header = 92;
constexpr std::uint32_t least_entry = 128;
constexpr std::uint64_t most_table = 4 * 1024 * 1024;  // bytes; 128 entries take 16 KiB

/// The first three fields of a GUID are little endian, the others are bytes.
std::string format_guid(const std::byte* bytes) {
    static constexpr std::uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    Uuid uuid{};
    std::transform(std::begin(order), std::end(order), uuid.begin(), [&](std::uint8_t index) { return bytes[index]; });
    return format_uuid(uuid);
}

struct Copy {
    bool magic = false;
    bool usable = false;
    std::string fault;
    Bytes entries;
    GuidPartitionTable table;
};

Copy broken(std::string fault) {
    Copy copy;
    copy.magic = true;
    copy.fault = std::move(fault);
    return copy;
}

GptPartition read_entry(const std::byte* entry, int number) {
    GptPartition partition;
    partition.number = number;
    partition.type = format_guid(entry);
    partition.guid = format_guid(entry + 16);
    partition.first_sector = load_le<std::uint64_t>(entry + 32);
    partition.sectors = load_le<std::uint64_t>(entry + 40) - partition.first_sector + 1;
    partition.attributes = load_le<std::uint64_t>(entry + 48);
    std::u16string name;
    for (std::size_t place = 56; place < least_entry; place += 2) {
        const auto unit = static_cast<char16_t>(load_le<std::uint16_t>(entry + place));
        if (unit == 0) break;
        name += unit;
    }
    partition.name = utf8_from_utf16(name);
    return partition;
}

Copy read_copy(OpenContent& disk, std::uint64_t size, std::uint64_t header_sector) {
    Bytes header(sector);
    disk.read(header_sector * sector, header);
    if (as_text(header).substr(0, 8) != "EFI PART") return {};
    const auto header_size = load_le<std::uint32_t>(header.data() + 12);
    if (header_size < least_header || header_size > sector) return broken("its header has an impossible size");
    const auto header_crc = load_le<std::uint32_t>(header.data() + 16);
    store_le<std::uint32_t>(header.data() + 16, 0);
    if (crc32(ByteView(header).first(header_size)) != header_crc) return broken("the CRC of its header is wrong");
    if (load_le<std::uint64_t>(header.data() + 24) != header_sector)
        return broken("its header says it belongs elsewhere");
    const auto table_sector = load_le<std::uint64_t>(header.data() + 72);
    const auto count = load_le<std::uint32_t>(header.data() + 80);
    const auto entry_size = load_le<std::uint32_t>(header.data() + 84);
    const std::uint64_t table_size = std::uint64_t{count} * entry_size;
    if (entry_size < least_entry || entry_size % 8 != 0 || table_size > most_table || table_sector >= size / sector ||
        table_size > size - table_sector * sector)
        return broken("its table of entries has an impossible place or size");
    Copy copy;
    copy.magic = true;
    copy.entries.resize(table_size);
    disk.read(table_sector * sector, copy.entries);
    if (crc32(copy.entries) != load_le<std::uint32_t>(header.data() + 88))
        return broken("the CRC of its entries is wrong");
    copy.usable = true;
    copy.table.disk_guid = format_guid(header.data() + 56);
    for (std::uint32_t index = 0; index < count; ++index) {
        const std::byte* entry = copy.entries.data() + std::size_t{index} * entry_size;
        if (std::all_of(entry, entry + 16, [](std::byte byte) { return byte == std::byte{0}; })) continue;
        const int number = static_cast<int>(index) + 1;
        if (load_le<std::uint64_t>(entry + 40) < load_le<std::uint64_t>(entry + 32) ||
            load_le<std::uint64_t>(entry + 40) >= size / sector)
            copy.table.faults.push_back("partition " + std::to_string(number) + " does not lie on the disk");
        else
            copy.table.partitions.push_back(read_entry(entry, number));
    }
    return copy;
}

}  // namespace

std::optional<GuidPartitionTable> read_gpt(OpenContent& disk, std::uint64_t size) {
    if (size < 3 * sector) return std::nullopt;
    Copy first = read_copy(disk, size, 1);
    const Copy backup = read_copy(disk, size, size / sector - 1);
    if (!first.magic && !backup.magic) return std::nullopt;
    GuidPartitionTable table = first.usable ? first.table : backup.table;
    table.from_backup = !first.usable && backup.usable;
    if (!first.magic) table.faults.push_back("the first copy of the GUID partition table is missing");
    if (!first.fault.empty()) table.faults.push_back("the first copy of the GUID partition table: " + first.fault);
    if (!backup.magic) table.faults.push_back("the backup of the GUID partition table is not at the end of the disk");
    if (!backup.fault.empty()) table.faults.push_back("the backup of the GUID partition table: " + backup.fault);
    if (first.usable && backup.usable && first.entries != backup.entries)
        table.faults.push_back("the two copies of the GUID partition table differ");
    return table;
}

}  // namespace rpixen
