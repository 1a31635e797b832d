#include "fs/fat/reader.hpp"

#include <algorithm>
#include <deque>
#include <optional>

#include "base/printable.hpp"
#include "fs/fat/name.hpp"
#include "fs/fat/table.hpp"

namespace rpixen {
namespace {

constexpr std::uint32_t fewest_fat32_clusters = 65525;
constexpr std::uint64_t most_directory_bytes = 65536 * FatEntry::size_on_disk;

/// The contents of files whose clusters do not follow each other; a position is a number in the list.
class FragmentedFiles final : public ContentSource, public std::enable_shared_from_this<FragmentedFiles> {
  public:
    explicit FragmentedFiles(ContentSourcePtr image) : image_(std::move(image)) {}

    std::uint64_t add(std::vector<Range> extents) {
        files_.push_back(std::move(extents));
        return files_.size() - 1;
    }
    std::unique_ptr<OpenContent> open(std::uint64_t position) const override {
        return std::make_unique<Open>(shared_from_this(), files_.at(position));
    }
    std::string name() const override { return image_->name(); }

  private:
    class Open final : public OpenContent {
      public:
        Open(std::shared_ptr<const FragmentedFiles> files, const std::vector<Range>& extents)
            : files_(std::move(files)), extents_(extents), image_(files_->image_->open(0)) {}
        void read(std::uint64_t offset, MutableBytes out) override {
            for (const Range& extent : extents_) {
                if (offset >= extent.size()) {
                    offset -= extent.size();
                    continue;
                }
                const MutableBytes part = out.first(std::min<std::uint64_t>(out.size(), extent.size() - offset));
                image_->read(extent.begin + offset, part);
                out = out.subspan(part.size());
                offset = 0;
                if (out.empty()) return;
            }
            if (!out.empty()) throw Error(ErrorCode::internal, "a read beyond the end of a file in " + files_->name());
        }
        void check_unchanged() override { image_->check_unchanged(); }

      private:
        std::shared_ptr<const FragmentedFiles> files_;
        const std::vector<Range>& extents_;
        std::unique_ptr<OpenContent> image_;
    };

    ContentSourcePtr image_;
    std::vector<std::vector<Range>> files_;
};

const char* words(FatTable::End end) {
    switch (end) {
        case FatTable::End::proper:
            return "its proper end";
        case FatTable::End::empty:
            return "no cluster";
        case FatTable::End::free:
            return "a free cluster";
        case FatTable::End::bad:
            return "a cluster marked bad";
        case FatTable::End::outside:
            return "a cluster outside the file system";
        case FatTable::End::loop:
            return "a loop";
        case FatTable::End::shared:
            return "a cluster of another file";
    }
    return "";
}

class Reader {
  public:
    Reader(const ContentSourcePtr& image, Range partition, FatVolume& volume, std::vector<Problem>& damages,
           const Budget& budget)
        : image_(image),
          partition_(partition),
          open_(image->open(partition.begin)),
          volume_(volume),
          damages_(damages),
          table_(*open_, volume.boot, readable_clusters(volume.boot, partition.size())),
          fragmented_(std::make_shared<FragmentedFiles>(image)),
          names_(budget) {}

    void check_structure();
    void read_tree();
    void check_allocation();

  private:
    struct Pending {
        NodeId node;
        std::uint32_t first_cluster;  ///< 0 for a fixed root directory
        std::uint32_t parent_cluster;
    };

    void damage(std::string message, std::string found = {}, std::string allowed = {}, std::string rule = {}) {
        damages_.push_back({std::move(message), std::move(found), std::move(allowed), {}, {}, std::move(rule)});
    }
    std::vector<Range> extents(const FatTable::Chain& chain) const;
    std::uint64_t sector_offset(std::uint64_t sector) const { return sector * volume_.boot.bytes_per_sector; }
    Bytes sector(std::uint32_t number);
    void read_directory(const Pending& directory);
    void read_entries(const Pending& directory, ByteView bytes, const std::vector<Range>& places);
    void add(const Pending& directory, const std::string& name, const FatEntry& entry, std::uint64_t entry_offset);
    NodeId add_file(const FileTree::Place& place, const Metadata& metadata, const std::string& path,
                    const FatEntry& entry, std::uint64_t entry_offset);
    void check_dot(const Pending& directory, const FatEntry& entry);
    FatPlace& place_of(NodeId node) {
        if (volume_.places.size() <= node) volume_.places.resize(std::size_t{node} + 1);
        return volume_.places[node];
    }

    const ContentSourcePtr& image_;
    Range partition_;
    std::unique_ptr<OpenContent> open_;
    FatVolume& volume_;
    std::vector<Problem>& damages_;
    FatTable table_;
    std::shared_ptr<FragmentedFiles> fragmented_;
    std::deque<Pending> pending_;
    bool label_found_ = false;
    Spending names_;
    bool cut_short_ = false;  ///< there were more names than the budget has steps
};

Bytes Reader::sector(std::uint32_t number) {
    Bytes bytes(FatBootSector::size);
    open_->read(sector_offset(number), bytes);
    return bytes;
}

void Reader::check_structure() {
    const FatBootSector& boot = volume_.boot;
    const std::uint64_t size = std::uint64_t{boot.total_sectors} * boot.bytes_per_sector;
    if (size > partition_.size())
        damage("the FAT file system is larger than its partition", format_size(size),
               "at most " + format_size(partition_.size()), "fat-larger-than-partition");
    if (readable_clusters(boot, size) < boot.clusters())
        damage("the FAT is too short for the clusters of its file system");
    if (boot.fat32 && boot.clusters() < fewest_fat32_clusters)
        damage("the FAT32 has so few clusters that some drivers take it for a FAT16", std::to_string(boot.clusters()),
               "at least " + std::to_string(fewest_fat32_clusters), "fat32-too-few-clusters");
    if (!table_.begins_as_a_fat()) damage("the FAT does not begin as one does, so it may be something else");
    if (const std::uint32_t copy = table_.differing_copy(*open_); copy != 0)
        damage("the copies of the FAT differ", "copy " + std::to_string(copy + 1) + " is not equal to the first");
    if (table_.dirty()) damage("the FAT file system was not unmounted properly");
    if (boot.backup_sector != 0 && boot.backup_sector < boot.reserved_sectors) {
        Bytes first = sector(0);
        Bytes backup = sector(boot.backup_sector);
        // Linux marks only the first one while it is mounted (byte 65).
        first[65] = backup[65] = std::byte{0};
        if (first != backup) damage("the boot sector and its backup differ");
    }
}

void Reader::check_allocation() {
    const FatBootSector& boot = volume_.boot;
    volume_.free_clusters = table_.free_clusters();
    volume_.used_end = sector_offset(boot.first_data_sector()) + (table_.used_end() - 2) * boot.cluster_size();
    if (cut_short_) return;
    if (const std::uint32_t lost = table_.lost_clusters(); lost != 0)
        damage("clusters are marked as used and belong to no file", std::to_string(lost));
    if (!boot.fat32 || boot.info_sector == 0 || boot.info_sector >= boot.reserved_sectors) return;
    const auto info = parse_fat_info(sector(boot.info_sector));
    if (!info)
        damage("the FSInfo sector is damaged");
    else if (readable_clusters(boot, partition_.size()) < boot.clusters())
        return;  // its end lies outside the partition and was not counted, which is told already
    else if (info->free_clusters != FatInfo::unknown && info->free_clusters != volume_.free_clusters)
        damage("the FSInfo sector counts the free clusters wrong", std::to_string(info->free_clusters),
               std::to_string(volume_.free_clusters));
}

std::vector<Range> Reader::extents(const FatTable::Chain& chain) const {
    const FatBootSector& boot = volume_.boot;
    std::vector<Range> result;
    for (const ClusterRun& run : chain.runs) {
        const std::uint64_t begin = partition_.begin + sector_offset(boot.first_data_sector()) +
                                    (run.first - 2) * boot.cluster_size();
        result.push_back({begin, begin + run.count * boot.cluster_size()});
    }
    return result;
}

void Reader::read_tree() {
    const bool fixed_root = !volume_.boot.fat32;
    pending_.push_back({FileTree::root(), fixed_root ? 0 : volume_.boot.root_cluster, 0});
    volume_.tree.set_metadata(FileTree::root(), {0755, 0, 0, {}});
    while (!pending_.empty() && !cut_short_) {
        const Pending directory = pending_.front();
        pending_.pop_front();
        read_directory(directory);
    }
    place_of(volume_.tree.node_count() - 1);
}

void Reader::read_directory(const Pending& directory) {
    const FatBootSector& boot = volume_.boot;
    std::vector<Range> places;
    if (directory.node == FileTree::root() && !boot.fat32) {
        const std::uint64_t begin = partition_.begin + sector_offset(boot.reserved_sectors +
                                                                     std::uint64_t{boot.fat_count} * boot.fat_sectors);
        places.push_back({begin, begin + boot.root_entries * FatEntry::size_on_disk});
        if (places.back().end > partition_.end) {
            damage("the root directory lies outside the partition");
            return;
        }
    } else {
        const FatTable::Chain chain = table_.claim(directory.first_cluster);
        if (chain.end != FatTable::End::proper)
            damage("the clusters of directory " + printable(volume_.tree.path_of(directory.node)) + " lead to " +
                   words(chain.end));
        places = extents(chain);
    }
    place_of(directory.node).extents = places;
    Bytes bytes;
    for (const Range& place : places) {
        const std::uint64_t part = std::min(place.size(), most_directory_bytes - bytes.size());
        bytes.resize(bytes.size() + part);
        open_->read(place.begin - partition_.begin, MutableBytes(bytes).last(part));
        if (part < place.size()) {
            damage("directory " + printable(volume_.tree.path_of(directory.node)) + " is longer than a FAT allows");
            break;
        }
    }
    read_entries(directory, bytes, places);
}

void Reader::read_entries(const Pending& directory, ByteView bytes, const std::vector<Range>& places) {
    FatLongName long_name;
    std::size_t place = 0;
    std::uint64_t before = 0;  // bytes of the places before `place`
    const auto stray_long_name = [&] {
        if (long_name.was_broken())
            damage("directory " + printable(volume_.tree.path_of(directory.node)) +
                   " holds parts of a long name that belong to no file");
    };
    for (std::uint64_t offset = 0; offset < bytes.size(); offset += FatEntry::size_on_disk) {
        while (offset - before >= places[place].size()) before += places[place++].size();
        const std::byte* raw = bytes.data() + offset;
        if (raw[0] == std::byte{0}) break;
        const FatEntry entry = parse_fat_entry(raw);
        if (raw[0] == std::byte{0xe5}) {
            stray_long_name();
            continue;
        }
        if ((entry.attributes & 0x3fU) == FatAttribute::long_name) {
            long_name.add(parse_fat_long_entry(raw));
            continue;
        }
        if ((entry.attributes & FatAttribute::volume_label) != 0) {
            stray_long_name();
            if (directory.node == FileTree::root() && !label_found_) {
                volume_.label = fat_name_text(entry);
                // A label has no dot between its parts.
                const std::string_view text(entry.name.data(), entry.name.size());
                if (std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; }))
                    volume_.label = text.substr(0, text.find_last_not_of(' ') + 1);
                label_found_ = true;
            } else {
                damage("a volume label stands where none belongs", printable(volume_.tree.path_of(directory.node)));
            }
            continue;
        }
        const auto name = long_name.take(entry.name);
        stray_long_name();
        if (entry.name[0] == '.') {
            check_dot(directory, entry);
            continue;
        }
        if (!names_.has_left()) {
            cut_short_ = true;
            damage("the FAT file system holds too many names to be read to its end", {},
                   "at most " + std::to_string(names_.budget().steps));
            return;
        }
        names_.steps();
        add(directory, name ? *name : fat_name_text(entry), entry, places[place].begin + (offset - before));
    }
    stray_long_name();
}

void Reader::check_dot(const Pending& directory, const FatEntry& entry) {
    const std::string path = printable(volume_.tree.path_of(directory.node));
    const bool parent = entry.name[1] == '.';
    const std::uint32_t expected = parent ? directory.parent_cluster : directory.first_cluster;
    if (directory.node == FileTree::root())
        damage("the root directory has an entry \"" + format_fat_short_name(entry.name) + "\"");
    else if (!entry.directory() || entry.first_cluster != expected)
        damage("the entry \"" + format_fat_short_name(entry.name) + "\" of directory " + path + " leads elsewhere");
}

void Reader::add(const Pending& directory, const std::string& name, const FatEntry& entry, std::uint64_t entry_offset) {
    const std::string parent = volume_.tree.path_of(directory.node);
    const std::string path = printable((parent == "/" ? parent : parent + "/") + name);
    const bool read_only = (entry.attributes & FatAttribute::read_only) != 0;
    Metadata metadata;
    metadata.mode = static_cast<std::uint16_t>((entry.directory() ? 0755U : 0644U) & (read_only ? 0555U : 0777U));
    metadata.mtime.seconds = seconds_of(entry.modified);
    try {
        const FileTree::Place place{directory.node, name};
        if (!entry.directory()) {
            add_file(place, metadata, path, entry, entry_offset);
            return;
        }
        const NodeId node = volume_.tree.add_directory(place, metadata);
        place_of(node).entry_offset = entry_offset;
        const bool in_root = directory.node == FileTree::root();
        pending_.push_back({node, entry.first_cluster, in_root ? 0 : directory.first_cluster});
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
        damage("a name cannot be read: " + path, error.what());
    }
}

NodeId Reader::add_file(const FileTree::Place& place, const Metadata& metadata, const std::string& path,
                        const FatEntry& entry, std::uint64_t entry_offset) {
    const FatTable::Chain chain = table_.claim(entry.first_cluster);
    const bool ended = chain.end == FatTable::End::proper || chain.end == FatTable::End::empty;
    if (!ended) damage("the clusters of " + path + " lead to " + words(chain.end));
    const std::uint64_t needed = divide_up(entry.size, volume_.boot.cluster_size());
    if (ended && chain.clusters != needed)
        damage(path + " has another number of clusters than its length needs", std::to_string(chain.clusters),
               std::to_string(needed));
    std::vector<Range> places = extents(chain);
    const std::uint64_t size = std::min<std::uint64_t>(entry.size, chain.clusters * volume_.boot.cluster_size());
    Content content;
    if (size > 0 && places.size() == 1) content = {image_, places[0].begin, size};
    if (size > 0 && places.size() > 1) content = {fragmented_, fragmented_->add(places), size};
    const NodeId node = volume_.tree.add_file(place, metadata, content);
    place_of(node) = {std::move(places), entry_offset};
    return node;
}

}  // namespace

bool is_fat(const ContentSourcePtr& image, Range partition) {
    if (partition.size() < FatBootSector::size) return false;
    Bytes sector(FatBootSector::size);
    image->open(partition.begin)->read(0, sector);
    return parse_fat_boot_sector(sector).has_value();
}

FatVolume read_fat(const ContentSourcePtr& image, Range partition, std::vector<Problem>& damages,
                   const Budget& budget) {
    Bytes sector(FatBootSector::size);
    std::optional<FatBootSector> boot;
    if (partition.size() >= sector.size()) {
        image->open(partition.begin)->read(0, sector);
        boot = parse_fat_boot_sector(sector);
    }
    if (!boot) throw Error(ErrorCode::artifact, "there is no FAT file system in " + image->name());
    const std::uint64_t fats_end = (boot->reserved_sectors + std::uint64_t{boot->fat_count} * boot->fat_sectors) *
                                   boot->bytes_per_sector;
    if (fats_end > partition.size())
        throw Error(ErrorCode::artifact, "the FAT file system in " + image->name() + " ends within its tables",
                    format_size(partition.size()), "more than " + format_size(fats_end));
    FatVolume volume;
    volume.boot = *boot;
    volume.label = boot->label;
    Reader reader(image, partition, volume, damages, budget);
    reader.check_structure();
    reader.read_tree();
    reader.check_allocation();
    return volume;
}

}  // namespace rpixen
