#include "fs/fat/writer.hpp"

#include <algorithm>

#include "fs/fat/layout.hpp"
#include "fs/fat/name.hpp"
#include "storage/data_path.hpp"

namespace rpixen {
namespace {

constexpr std::uint32_t end_of_chain = 0x0fffffff;

/// The reserved sectors: boot sector and FSInfo, twice, and the boot code's third sector, which only carries
/// its mark.
Bytes reserved_sectors(const Fat32Layout& layout) {
    const FatBootSector& boot = layout.boot;
    const std::uint32_t free = boot.clusters() - layout.used_clusters;
    const std::uint32_t next_free = free == 0 ? FatInfo::unknown : boot.root_cluster + layout.used_clusters;
    Bytes bytes(std::size_t{boot.reserved_sectors} * boot.bytes_per_sector);
    const auto put = [&](std::size_t number, const Bytes& sector) {
        std::copy(sector.begin(), sector.end(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(number * boot.bytes_per_sector));
    };
    Bytes third(boot.bytes_per_sector);
    store_le<std::uint16_t>(third.data() + 510, 0xaa55);
    for (const std::uint32_t first : {0U, boot.backup_sector}) {
        put(first, make_fat32_boot_sector(boot));
        put(first + boot.info_sector, make_fat_info({free, next_free}));
        put(first + 2, third);
    }
    return bytes;
}

/// The used beginning of a FAT, in whole sectors.
Bytes allocation_table(const Fat32Layout& layout) {
    const std::uint64_t used = (std::uint64_t{layout.used_clusters} + 2) * 4;
    Bytes bytes(align_up(used, layout.boot.bytes_per_sector));
    const auto entry = [&](std::uint32_t cluster, std::uint32_t value) {
        store_le(bytes.data() + std::size_t{cluster} * 4, value);
    };
    entry(0, 0x0fffff00U | layout.boot.media);
    entry(1, end_of_chain);  // the two upper bits of its 28: was left clean, no read errors
    const auto chain = [&](std::uint32_t first, std::uint32_t count) {
        for (std::uint32_t cluster = first; cluster + 1 < first + count; ++cluster) entry(cluster, cluster + 1);
        if (count > 0) entry(first + count - 1, end_of_chain);
    };
    for (const auto& directory : layout.directories) chain(directory.first_cluster, directory.clusters);
    for (const auto& file : layout.files) chain(file.first_cluster, file.clusters);
    return bytes;
}

FatShortName plain_name(std::string_view name) {
    FatShortName result;
    result.fill(' ');
    std::copy(name.begin(), name.end(), result.begin());
    return result;
}

FatEntry dated(const Timestamp& time) {
    FatEntry entry;
    entry.created = fat_time(time.seconds, time.nanoseconds);
    entry.modified = entry.created;
    return entry;
}

Bytes directory_bytes(const Fat32Layout& layout, const Fat32Layout::Directory& directory, const FileTree& tree,
                      const Fat32Parameters& parameters) {
    Bytes bytes(directory.clusters * layout.boot.cluster_size());
    std::byte* place = bytes.data();
    const auto put = [&](const FatEntry& entry) {
        store_fat_entry(place, entry);
        place += FatEntry::size_on_disk;
    };
    FatEntry own = dated(parameters.time);
    if (directory.node == FileTree::root()) {
        own.attributes = FatAttribute::volume_label;
        own.name = plain_name(layout.boot.label);
        if (!layout.boot.label.empty()) put(own);
    } else {
        own.attributes = FatAttribute::directory;
        own.name = plain_name(".");
        own.first_cluster = directory.first_cluster;
        put(own);
        own.name = plain_name("..");
        own.first_cluster = directory.parent_cluster;
        put(own);
    }
    for (const auto& entry : directory.entries) {
        store_fat_long_name(place, entry.long_name, fat_checksum(entry.short_name));
        place += fat_long_entries(entry.long_name.size()) * FatEntry::size_on_disk;
        const bool is_directory = tree.type(entry.node) == NodeType::directory;
        FatEntry stored = dated(is_directory ? parameters.time : tree.metadata(entry.node).mtime);
        stored.name = entry.short_name;
        stored.attributes = is_directory ? FatAttribute::directory : FatAttribute::archive;
        stored.first_cluster = entry.first_cluster;
        stored.size = is_directory ? 0 : narrow<std::uint32_t>(tree.size(entry.node));
        put(stored);
    }
    return bytes;
}

/// Every directory; they stand one after another from cluster 2 on.
Bytes directories_bytes(const Fat32Layout& layout, const FileTree& tree, const Fat32Parameters& parameters) {
    Bytes bytes;
    for (const auto& directory : layout.directories) {
        const Bytes one = directory_bytes(layout, directory, tree, parameters);
        bytes.insert(bytes.end(), one.begin(), one.end());
    }
    return bytes;
}

}  // namespace

std::vector<Range> write_fat32(const FileTree& tree, const Fat32Parameters& parameters, PartitionOutput& partition,
                               const Supervision& supervision, std::uint64_t& done) {
    const Fat32Layout layout = layout_fat32(tree, parameters, partition.size());
    const FatBootSector& boot = layout.boot;
    partition.write(0, reserved_sectors(layout));
    const Bytes table = allocation_table(layout);
    for (std::uint64_t copy = 0; copy < boot.fat_count; ++copy)
        partition.write((boot.reserved_sectors + copy * boot.fat_sectors) * boot.bytes_per_sector, table);
    partition.write(layout.data_begin(), directories_bytes(layout, tree, parameters));

    DataPath data(partition, supervision, done);
    for (const auto& file : layout.files) {
        const std::uint64_t place = layout.place_of(file.first_cluster);
        const Content content = tree.content(file.node);
        std::uint64_t from = 0;
        for (const DataRun& run : tree.runs(file.node)) {
            data.copy(content, from, place + run.logical, run.length);
            from += run.length;
        }
    }
    data.finish();
    return {{0, layout.used_end()}};
}

}  // namespace rpixen
