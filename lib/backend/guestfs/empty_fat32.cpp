#include "backend/guestfs/empty_fat32.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/bytes.hpp"
#include "base/size.hpp"

namespace rpixen::guestfs {
namespace {

// Numbers and offsets: Microsoft's FAT specification 1.03, "Boot Sector and BPB", "FSInfo", "FAT Volume
// Initialization".
constexpr std::uint32_t sector = 512;
constexpr std::uint32_t reserved_sectors = 32;
constexpr std::uint32_t backup_boot_sector = 6;
constexpr std::uint32_t fat_copies = 2;
constexpr std::uint32_t first_cluster = 2;
constexpr std::uint32_t end_of_chain = 0x0fffffff;

struct Geometry {
    std::uint32_t sectors;
    std::uint32_t sectors_per_cluster;
    std::uint32_t fat_sectors;
    std::uint32_t clusters;
};

Geometry geometry_of(std::uint64_t bytes, std::uint32_t sectors_per_cluster) {
    Geometry geometry{narrow<std::uint32_t>(bytes / sector), sectors_per_cluster, 0, 0};
    // Every cluster takes its sectors and 4 bytes in each FAT; the first two entries stand for no cluster.
    const std::uint64_t room = geometry.sectors - reserved_sectors;
    const std::uint64_t per_fat_sector = std::uint64_t{sectors_per_cluster} * (sector / 4) + fat_copies;
    geometry.fat_sectors = narrow<std::uint32_t>(divide_up(room + 2 * sectors_per_cluster, per_fat_sector));
    geometry.clusters = narrow<std::uint32_t>((room - std::uint64_t{fat_copies} * geometry.fat_sectors) /
                                              sectors_per_cluster);
    return geometry;
}

std::array<char, 11> volume_label(const std::string& label) {
    std::array<char, 11> padded;
    padded.fill(' ');
    for (std::size_t index = 0; index < std::min(label.size(), padded.size()); ++index)
        padded[index] = static_cast<char>(std::toupper(static_cast<unsigned char>(label[index])));
    return padded;
}

void put(Bytes& to, std::size_t offset, std::string_view text) {
    std::copy_n(as_bytes(text).begin(), text.size(), to.begin() + static_cast<std::ptrdiff_t>(offset));
}

Bytes boot_sector(const Fat32Parameters& parameters, const Geometry& geometry) {
    Bytes bytes(sector);
    const auto label = volume_label(parameters.label);
    put(bytes, 0, "\xeb\x58\x90RPIXEN  ");
    store_le<std::uint16_t>(&bytes[11], sector);
    bytes[13] = static_cast<std::byte>(geometry.sectors_per_cluster);
    store_le<std::uint16_t>(&bytes[14], reserved_sectors);
    bytes[16] = std::byte{fat_copies};
    bytes[21] = std::byte{0xf8};               // a fixed disk
    store_le<std::uint16_t>(&bytes[24], 63);   // sectors a track, for BIOS calls only
    store_le<std::uint16_t>(&bytes[26], 255);  // heads
    store_le(&bytes[28], parameters.hidden_sectors);
    store_le(&bytes[32], geometry.sectors);
    store_le(&bytes[36], geometry.fat_sectors);
    store_le(&bytes[44], first_cluster);     // of the root directory
    store_le<std::uint16_t>(&bytes[48], 1);  // FSInfo
    store_le<std::uint16_t>(&bytes[50], backup_boot_sector);
    bytes[64] = std::byte{0x80};
    bytes[66] = std::byte{0x29};  // volume id, label and type follow
    store_le(&bytes[67], parameters.volume_id);
    put(bytes, 71, {label.data(), label.size()});
    put(bytes, 82, "FAT32   ");
    store_le<std::uint16_t>(&bytes[510], 0xaa55);
    return bytes;
}

Bytes info_sector(const Geometry& geometry) {
    Bytes bytes(sector);
    store_le<std::uint32_t>(&bytes[0], 0x41615252);
    store_le<std::uint32_t>(&bytes[484], 0x61417272);
    store_le<std::uint32_t>(&bytes[488], geometry.clusters - 1);  // free: all but the root directory's
    store_le<std::uint32_t>(&bytes[492], first_cluster + 1);
    store_le<std::uint32_t>(&bytes[508], 0xaa550000);
    return bytes;
}

Bytes label_entry(const std::string& label) {
    Bytes bytes(32);
    const auto padded = volume_label(label);
    put(bytes, 0, {padded.data(), padded.size()});
    bytes[11] = std::byte{0x08};
    store_le<std::uint16_t>(&bytes[24], 0x0021);  // 1980-01-01
    return bytes;
}

}  // namespace

void write_empty_fat32(const Partition& partition, OutputFile& output) {
    const Geometry geometry = geometry_of(partition.range.size(), partition.fat()->sectors_per_cluster);
    const auto write = [&](std::uint64_t at, const Bytes& bytes) {
        output.write(partition.range.begin + at * sector, bytes);
    };
    const Bytes boot = boot_sector(*partition.fat(), geometry);
    const Bytes info = info_sector(geometry);
    for (const std::uint32_t start : {0U, backup_boot_sector}) {
        write(start, boot);
        write(start + 1, info);
    }
    Bytes fat_start(12);
    store_le<std::uint32_t>(&fat_start[0], 0x0ffffff8);
    store_le<std::uint32_t>(&fat_start[4], end_of_chain);
    store_le<std::uint32_t>(&fat_start[8], end_of_chain);
    for (std::uint32_t copy = 0; copy < fat_copies; ++copy)
        write(reserved_sectors + copy * geometry.fat_sectors, fat_start);
    if (!partition.fat()->label.empty())
        write(reserved_sectors + fat_copies * geometry.fat_sectors, label_entry(partition.fat()->label));
}

}  // namespace rpixen::guestfs
