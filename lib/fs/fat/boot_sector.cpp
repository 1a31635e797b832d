#include "fs/fat/boot_sector.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace rpixen {
namespace {

constexpr std::uint32_t info_lead = 0x41615252;
constexpr std::uint32_t info_structure = 0x61417272;
constexpr std::uint32_t info_trail = 0xaa550000;
constexpr std::int64_t first_second = 315'532'800;   // 1980-01-01T00:00:00Z
constexpr std::int64_t last_second = 4'354'819'199;  // 2107-12-31T23:59:59Z

void store_text(std::byte* place, std::string_view text, std::size_t length) {
    for (std::size_t index = 0; index < length; ++index)
        place[index] = static_cast<std::byte>(index < text.size() ? text[index] : ' ');
}

std::string trimmed(std::string_view text) {
    return std::string(text.substr(0, text.find_last_not_of(std::string_view(" \0", 2)) + 1));
}

}  // namespace

std::optional<FatBootSector> parse_fat_boot_sector(ByteView sector) {
    if (sector.size() < FatBootSector::size) return std::nullopt;
    const std::byte* b = sector.data();
    if (load_le<std::uint16_t>(b + 510) != 0xaa55 || (b[0] != std::byte{0xeb} && b[0] != std::byte{0xe9}))
        return std::nullopt;
    FatBootSector boot;
    boot.bytes_per_sector = load_le<std::uint16_t>(b + 11);
    boot.sectors_per_cluster = load_le<std::uint8_t>(b + 13);
    boot.reserved_sectors = load_le<std::uint16_t>(b + 14);
    boot.fat_count = load_le<std::uint8_t>(b + 16);
    boot.root_entries = load_le<std::uint16_t>(b + 17);
    boot.total_sectors = load_le<std::uint16_t>(b + 19);
    boot.media = load_le<std::uint8_t>(b + 21);
    boot.fat_sectors = load_le<std::uint16_t>(b + 22);
    boot.hidden_sectors = load_le<std::uint32_t>(b + 28);
    if (boot.total_sectors == 0) boot.total_sectors = load_le<std::uint32_t>(b + 32);
    boot.fat32 = boot.fat_sectors == 0;
    if (boot.fat32) {
        boot.fat_sectors = load_le<std::uint32_t>(b + 36);
        boot.root_cluster = load_le<std::uint32_t>(b + 44);
        boot.info_sector = load_le<std::uint16_t>(b + 48);
        boot.backup_sector = load_le<std::uint16_t>(b + 50);
    } else {
        boot.info_sector = 0;
        boot.backup_sector = 0;
    }
    const std::size_t extended = boot.fat32 ? 66 : 38;  // signature, volume id, label
    if (b[extended] == std::byte{0x29} || b[extended] == std::byte{0x28})
        boot.volume_id = load_le<std::uint32_t>(b + extended + 1);
    if (b[extended] == std::byte{0x29}) boot.label = trimmed(as_text(sector.subspan(extended + 5, 11)));
    if (boot.label == "NO NAME") boot.label.clear();

    const bool sector_size = std::has_single_bit(boot.bytes_per_sector) && boot.bytes_per_sector >= 512 &&
                             boot.bytes_per_sector <= 4096;
    if (!sector_size || !std::has_single_bit(boot.sectors_per_cluster) || boot.reserved_sectors == 0 ||
        boot.fat_count == 0 || boot.fat_count > 4 || boot.fat_sectors == 0 || boot.fat32 != (boot.root_entries == 0) ||
        (boot.media < 0xf8 && boot.media != 0xf0))
        return std::nullopt;
    const std::uint64_t before_data = std::uint64_t{boot.reserved_sectors} +
                                      std::uint64_t{boot.fat_count} * boot.fat_sectors + boot.root_sectors();
    if (before_data >= boot.total_sectors) return std::nullopt;
    return boot;
}

Bytes make_fat32_boot_sector(const FatBootSector& boot) {
    Bytes bytes(FatBootSector::size);
    std::byte* b = bytes.data();
    // A jump over the parameters to an endless loop; the name is the one the specification advises, since
    // some drivers look at it.
    b[0] = std::byte{0xeb};
    b[1] = std::byte{0x58};
    b[2] = std::byte{0x90};
    store_text(b + 3, "MSWIN4.1", 8);
    store_le(b + 11, static_cast<std::uint16_t>(boot.bytes_per_sector));
    store_le(b + 13, static_cast<std::uint8_t>(boot.sectors_per_cluster));
    store_le(b + 14, static_cast<std::uint16_t>(boot.reserved_sectors));
    store_le(b + 16, static_cast<std::uint8_t>(boot.fat_count));
    store_le(b + 21, boot.media);
    store_le<std::uint16_t>(b + 24, 63);   // sectors per track
    store_le<std::uint16_t>(b + 26, 255);  // heads: as in the partition table
    store_le(b + 28, boot.hidden_sectors);
    store_le(b + 32, boot.total_sectors);
    store_le(b + 36, boot.fat_sectors);
    store_le(b + 44, boot.root_cluster);
    store_le(b + 48, static_cast<std::uint16_t>(boot.info_sector));
    store_le(b + 50, static_cast<std::uint16_t>(boot.backup_sector));
    b[64] = std::byte{0x80};  // drive number of a hard disk
    b[66] = std::byte{0x29};  // the next three fields are there
    store_le(b + 67, boot.volume_id);
    store_text(b + 71, boot.label.empty() ? "NO NAME" : boot.label, 11);
    store_text(b + 82, "FAT32", 8);
    b[90] = std::byte{0xf4};  // hlt
    b[91] = std::byte{0xeb};  // jmp to the hlt
    b[92] = std::byte{0xfd};
    store_le<std::uint16_t>(b + 510, 0xaa55);
    return bytes;
}

std::optional<FatInfo> parse_fat_info(ByteView sector) {
    if (sector.size() < 512 || load_le<std::uint32_t>(sector.data()) != info_lead ||
        load_le<std::uint32_t>(sector.data() + 484) != info_structure ||
        load_le<std::uint32_t>(sector.data() + 508) != info_trail)
        return std::nullopt;
    return FatInfo{load_le<std::uint32_t>(sector.data() + 488), load_le<std::uint32_t>(sector.data() + 492)};
}

Bytes make_fat_info(const FatInfo& info) {
    Bytes bytes(512);
    store_le(bytes.data(), info_lead);
    store_le(bytes.data() + 484, info_structure);
    store_le(bytes.data() + 488, info.free_clusters);
    store_le(bytes.data() + 492, info.next_free);
    store_le(bytes.data() + 508, info_trail);
    return bytes;
}

FatTime fat_time(std::int64_t seconds, std::uint32_t nanoseconds) {
    if (seconds < first_second) nanoseconds = 0;
    seconds = std::clamp(seconds, first_second, last_second);
    const std::chrono::sys_seconds instant{std::chrono::seconds(seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const std::chrono::year_month_day date(day);
    const auto of_day = static_cast<unsigned>((instant - day).count());
    FatTime time;
    time.date = static_cast<std::uint16_t>((static_cast<int>(date.year()) - 1980) << 9 |
                                           static_cast<int>(static_cast<unsigned>(date.month()) << 5) |
                                           static_cast<int>(static_cast<unsigned>(date.day())));
    time.time = static_cast<std::uint16_t>(of_day / 3600 << 11 | of_day / 60 % 60 << 5 | of_day % 60 / 2);
    time.hundredths = static_cast<std::uint8_t>(of_day % 2 * 100 + nanoseconds / 10'000'000);
    return time;
}

std::int64_t seconds_of(const FatTime& time) {
    const std::chrono::year_month_day date(std::chrono::year(1980 + (time.date >> 9)),
                                           std::chrono::month(time.date >> 5 & 15U), std::chrono::day(time.date & 31U));
    if (!date.ok()) return 0;
    const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
    return days * 86400 + (time.time >> 11) * 3600 + (time.time >> 5 & 63) * 60 + (time.time & 31) * 2 +
           time.hundredths / 100;
}

FatEntry parse_fat_entry(const std::byte* bytes) {
    FatEntry entry;
    std::transform(bytes, bytes + 11, entry.name.begin(), [](std::byte byte) { return static_cast<char>(byte); });
    entry.attributes = load_le<std::uint8_t>(bytes + 11);
    entry.lower_case = load_le<std::uint8_t>(bytes + 12);
    entry.created = {load_le<std::uint16_t>(bytes + 16), load_le<std::uint16_t>(bytes + 14),
                     load_le<std::uint8_t>(bytes + 13)};
    entry.modified = {load_le<std::uint16_t>(bytes + 24), load_le<std::uint16_t>(bytes + 22), 0};
    entry.first_cluster = std::uint32_t{load_le<std::uint16_t>(bytes + 20)} << 16 | load_le<std::uint16_t>(bytes + 26);
    entry.size = load_le<std::uint32_t>(bytes + 28);
    return entry;
}

void store_fat_entry(std::byte* bytes, const FatEntry& entry) {
    std::transform(entry.name.begin(), entry.name.end(), bytes, [](char c) { return static_cast<std::byte>(c); });
    store_le(bytes + 11, entry.attributes);
    store_le(bytes + 12, entry.lower_case);
    store_le(bytes + 13, entry.created.hundredths);
    store_le(bytes + 14, entry.created.time);
    store_le(bytes + 16, entry.created.date);
    store_le(bytes + 18, entry.modified.date);  // last access
    store_le(bytes + 20, static_cast<std::uint16_t>(entry.first_cluster >> 16));
    store_le(bytes + 22, entry.modified.time);
    store_le(bytes + 24, entry.modified.date);
    store_le(bytes + 26, static_cast<std::uint16_t>(entry.first_cluster & 0xffff));
    store_le(bytes + 28, entry.size);
}

}  // namespace rpixen
