#include "fs/fat/layout.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "base/printable.hpp"
#include "base/size.hpp"
#include "format/utf16.hpp"
#include "fs/fat/geometry.hpp"
#include "fs/fat/name.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint32_t least_reserved = 32;
constexpr std::uint32_t fewest_clusters = 65525;
constexpr std::uint32_t most_clusters = 0x0ffffff4;
constexpr std::uint64_t most_bytes_of_file = 0xffffffff;
constexpr std::size_t most_entries = 65536;  // of 32 bytes: 2 MiB
constexpr std::size_t label_size = 11;
/// The data begins at a multiple of this (sectors), a page of most hosts and cards.
constexpr std::uint32_t data_alignment = 8;

Problem problem(std::string message, std::string found, std::string allowed, std::string change) {
    return {std::move(message), std::move(found), std::move(allowed), std::move(change), {}};
}

/// Upper case; the characters are those of a short name and the space.
std::string stored_label(const std::string& label, std::vector<Problem>& problems) {
    std::string stored = label;
    for (char& c : stored)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    const bool characters = std::all_of(stored.begin(), stored.end(), [](char c) {
        return c >= ' ' && c < 0x7f && std::string_view("\"*+,./:;<=>?[\\]|").find(c) == std::string_view::npos;
    });
    if (!characters || stored.size() > label_size || stored.starts_with(' '))
        problems.push_back(problem("the boot partition cannot have the label '" + printable(label) + "'", {},
                                   "at most 11 ASCII characters, none of \"*+,./:;<=>?[\\]|", "choose another label"));
    return stored;
}

/// Collects names, nodes and sizes; knows nothing of clusters yet.
class Walk {
  public:
    Walk(const FileTree& tree, std::vector<Problem>& problems) : tree_(tree), problems_(problems) {}

    void directory(NodeId node, std::vector<Fat32Layout::Directory>& directories) {
        const std::size_t self = directories.size();
        directories.emplace_back().node = node;
        std::vector<Fat32Layout::Entry> entries = named_entries(node);
        for (const Fat32Layout::Entry& entry : entries)
            if (tree_.type(entry.node) == NodeType::directory) directory(entry.node, directories);
        directories[self].entries = std::move(entries);
    }

  private:
    std::string path(NodeId directory, std::string_view name) const {
        const std::string parent = tree_.path_of(directory);
        return printable((parent == "/" ? parent : parent + "/") + std::string(name));
    }

    bool storable(NodeId directory, std::string_view name, NodeId node) {
        const std::string fault = fat_name_fault(name);
        if (!fault.empty()) {
            problems_.push_back(problem("the boot partition's FAT cannot store the name " + path(directory, name),
                                        fault,
                                        "UTF-8 without control characters and \"*/:<>?\\|, no dot or space at its end",
                                        "rename or leave out the file"));
            return false;
        }
        const NodeType type = tree_.type(node);
        if (type != NodeType::file && type != NodeType::directory) {
            problems_.push_back(problem("the boot partition's FAT cannot store " + path(directory, name),
                                        std::string("a ") + name_of(type), "files and directories",
                                        "put a file in its place or leave it out"));
            return false;
        }
        if (type == NodeType::file && tree_.size(node) > most_bytes_of_file) {
            problems_.push_back(problem(path(directory, name) + " is too large for the boot partition's FAT",
                                        format_size(tree_.size(node)), "at most 4 GiB less one byte",
                                        "leave it out, or put it on the root partition"));
            return false;  // or the room that it needs would be asked for as well
        }
        return true;
    }

    /// The entries that can be stored, sorted, with their long and short names.
    std::vector<Fat32Layout::Entry> named_entries(NodeId directory) {
        std::vector<Fat32Layout::Entry> entries;
        std::vector<std::string_view> names;
        std::map<std::u16string, std::string_view> folded;
        FatShortNames short_names;
        for (const EntryId child : tree_.children(directory)) {
            const std::string_view name = tree_.entry_name(child);
            const NodeId node = tree_.entry_node(child);
            if (!storable(directory, name, node)) continue;
            std::u16string units = *utf16_from_utf8(name);
            const auto [same, added] = folded.try_emplace(fat_folded(units), name);
            if (!added) {
                problems_.push_back(problem("two names on the boot partition differ only in case",
                                            path(directory, same->second) + " and " + path(directory, name),
                                            "names that differ otherwise, too", "rename or leave out one of them"));
                continue;
            }
            Fat32Layout::Entry& entry = entries.emplace_back();
            names.push_back(name);
            entry.node = node;
            if (!fat_short_name_suffices(name)) entry.long_name = std::move(units);
            if (const auto exact = fat_exact_short_name(name)) short_names.claim(entry.short_name = *exact);
        }
        std::size_t count = directory == FileTree::root() ? 1 : 2;  // the label, or "." and ".."
        for (std::size_t index = 0; index < entries.size(); ++index) {
            Fat32Layout::Entry& entry = entries[index];
            count += 1 + fat_long_entries(entry.long_name.size());
            if (entry.short_name != FatShortName{}) continue;
            if (const auto made = short_names.make(names[index])) entry.short_name = *made;
        }
        if (count > most_entries)
            problems_.push_back(
                problem("a directory of the boot partition has too many names: " + printable(tree_.path_of(directory)),
                        std::to_string(count) + " entries (a long name takes several)",
                        "at most " + std::to_string(most_entries), "spread them over directories"));
        return entries;
    }

    const FileTree& tree_;
    std::vector<Problem>& problems_;
};

/// Clusters that files may have: the EEPROM's boot loader of a Pi 4 from before 2024-01-18 stops at a file in
/// the last one (raspberrypi/rpi-eeprom#521).
std::uint64_t usable_clusters(const FatBootSector& boot) {
    return boot.clusters() - 1;
}

std::uint64_t directory_bytes(const Fat32Layout::Directory& directory) {
    std::uint64_t count = directory.node == FileTree::root() ? 1 : 2;
    for (const auto& entry : directory.entries) count += 1 + fat_long_entries(entry.long_name.size());
    return count * FatEntry::size_on_disk;
}

/// What the content takes in clusters of that size.
std::uint64_t needed_clusters(const FileTree& tree, const std::vector<Fat32Layout::Directory>& directories,
                              std::uint64_t cluster_size) {
    std::uint64_t needed = 0;
    for (const auto& directory : directories) {
        needed += divide_up(directory_bytes(directory), cluster_size);
        for (const auto& entry : directory.entries)
            if (tree.type(entry.node) == NodeType::file)
                needed = checked_add(needed, divide_up(tree.size(entry.node), cluster_size));
    }
    return needed;
}

/// Reserved sectors, FATs and clusters; nothing where there would be too few or too many clusters for a
/// FAT32.
std::optional<FatBootSector> geometry(std::uint64_t partition_size, std::uint32_t sectors_per_cluster) {
    const std::uint64_t total = partition_size / sector;
    if (total > 0xffffffff || total <= least_reserved || sectors_per_cluster == 0) return std::nullopt;
    // A FAT of f sectors maps 128 f - 2 clusters, while (total - reserved - 2 f) / sectors_per_cluster are
    // there.
    const std::uint64_t fat = divide_up(total - least_reserved + 2ULL * sectors_per_cluster,
                                        128ULL * sectors_per_cluster + 2);
    FatBootSector boot;
    boot.sectors_per_cluster = sectors_per_cluster;
    boot.reserved_sectors = least_reserved +
                            static_cast<std::uint32_t>((data_alignment - 2 * fat % data_alignment) % data_alignment);
    boot.total_sectors = static_cast<std::uint32_t>(total);
    boot.fat_sectors = static_cast<std::uint32_t>(fat);
    if (boot.first_data_sector() >= total || boot.clusters() < fewest_clusters || boot.clusters() > most_clusters)
        return std::nullopt;
    return boot;
}

/// The smallest partition, in whole MiB, that holds the content, for the message; nothing where none does.
std::optional<std::uint64_t> sufficient_size(const FileTree& tree,
                                             const std::vector<Fat32Layout::Directory>& directories) {
    for (std::uint64_t size =
             align_up(std::max(smallest_fat32(), needed_clusters(tree, directories, sector) * sector), MiB);
         size <= 2048 * GiB; size += std::max(MiB, align_down(size / 256, MiB))) {
        const auto boot = geometry(size, fat32_sectors_per_cluster(size));
        if (boot && needed_clusters(tree, directories, boot->cluster_size()) <= usable_clusters(*boot)) return size;
    }
    return std::nullopt;
}

/// A card with more would not be read to its end, by `verify` neither.
void check_number_of_names(const std::vector<Fat32Layout::Directory>& directories, const Budget& budget,
                           std::vector<Problem>& problems) {
    std::uint64_t names = 0;
    for (const auto& directory : directories) names += directory.entries.size();
    if (names > budget.steps)
        problems.push_back(problem("the boot partition has too many files and directories", std::to_string(names),
                                   "at most " + std::to_string(budget.steps),
                                   "put them on the root partition, or leave some out"));
}

void assign_clusters(const FileTree& tree, Fat32Layout& layout) {
    const std::uint64_t cluster_size = layout.boot.cluster_size();
    std::uint32_t next = layout.boot.root_cluster;
    const auto take = [&](std::uint64_t bytes) {
        const auto count = narrow<std::uint32_t>(divide_up(bytes, cluster_size));
        next += count;
        return count;
    };
    std::map<NodeId, std::uint32_t> first_clusters;
    for (auto& directory : layout.directories) {
        directory.first_cluster = next;
        first_clusters[directory.node] = next;
        directory.clusters = take(directory_bytes(directory));
        const NodeId parent = tree.parent(directory.node);
        directory.parent_cluster = parent == FileTree::root() ? 0 : first_clusters.at(parent);
    }
    for (auto& directory : layout.directories) {
        for (auto& entry : directory.entries) {
            if (tree.type(entry.node) == NodeType::directory) {
                entry.first_cluster = first_clusters.at(entry.node);
            } else if (tree.size(entry.node) > 0) {
                entry.first_cluster = next;
                layout.files.push_back({entry.node, next, take(tree.size(entry.node))});
            }
        }
    }
    layout.used_clusters = next - layout.boot.root_cluster;
}

}  // namespace

Fat32Layout layout_fat32(const FileTree& tree, const Fat32Parameters& parameters, std::uint64_t partition_size,
                         const Budget& budget) {
    std::vector<Problem> problems;
    Fat32Layout layout;
    const std::string label = stored_label(parameters.label, problems);
    Walk(tree, problems).directory(FileTree::root(), layout.directories);
    check_number_of_names(layout.directories, budget, problems);
    if (const auto boot = geometry(partition_size, parameters.sectors_per_cluster)) {
        layout.boot = *boot;
        const std::uint64_t needed = needed_clusters(tree, layout.directories, boot->cluster_size());
        if (needed > usable_clusters(*boot)) {
            const auto enough = sufficient_size(tree, layout.directories);
            problems.push_back(problem(
                "the files do not fit the boot partition",
                format_size(needed * boot->cluster_size()) + " with directories",
                "at most " + format_size(usable_clusters(*boot) * boot->cluster_size()) + " in a FAT32 of " +
                    format_size(partition_size),
                enough ? "set image.boot_partition.size to at least " + format_size(*enough) : "leave out files"));
        }
    } else {
        problems.push_back(
            problem("the boot partition cannot hold a FAT32 with clusters of " +
                        format_size(parameters.sectors_per_cluster * sector),
                    format_size(partition_size),
                    format_size(align_up(smallest_fat32(), MiB)) + " to 2 TiB, and 65,525 to 268,435,444 clusters",
                    "change image.boot_partition.size"));
    }
    if (!problems.empty()) throw Error(ErrorCode::unfit, std::move(problems));
    layout.boot.hidden_sectors = parameters.hidden_sectors;
    layout.boot.volume_id = parameters.volume_id;
    layout.boot.label = label;
    assign_clusters(tree, layout);
    return layout;
}

}  // namespace rpixen
