#include "card/read_card.hpp"

#include <algorithm>
#include <future>
#include <iterator>

#include "base/beside.hpp"
#include "card/file_system.hpp"
#include "card/image_file.hpp"
#include "format/gpt.hpp"
#include "format/mbr.hpp"
#include "format/unfinished_card.hpp"
#include "fs/ext4/health.hpp"
#include "fs/ext4/reader.hpp"
#include "fs/ext4/superblock.hpp"
#include "fs/fat/reader.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t sector = 512;
constexpr std::size_t most_partitions = 256;  // as Linux gives numbers to (DISK_MAX_PARTS)
constexpr std::uint64_t most_times_read = 4;  // of all the card, by file systems that overlap
constexpr std::size_t most_overlaps = 64;     // that are told one by one

Problem problem(std::string message, std::string found = {}, std::string allowed = {}, std::string rule = {}) {
    return {std::move(message), std::move(found), std::move(allowed), {}, {}, std::move(rule)};
}

Range bytes_of(std::uint64_t first_sector, std::uint64_t sectors) {
    const std::uint64_t begin = checked_multiply(first_sector, sector);
    return {begin, checked_add(begin, checked_multiply(sectors, sector))};
}

void take_mbr(const MasterBootRecord& mbr, Card& card) {
    card.table = PartitionTable::mbr;
    card.disk_signature = mbr.disk_signature;
    for (const MbrPartition& entry : mbr.partitions) {
        Partition& partition = card.partitions.emplace_back();
        partition.number = entry.number;
        partition.range = bytes_of(entry.first_sector, entry.sectors);
        partition.mbr_type = entry.type;
        partition.active = entry.active;
        partition.extended = entry.extended();
        partition.partuuid = mbr_partuuid(mbr.disk_signature, entry.number);
    }
}

void take_gpt(GuidPartitionTable gpt, Card& card) {
    card.table = PartitionTable::gpt;
    card.disk_guid = gpt.disk_guid;
    for (GptPartition& entry : gpt.partitions) {
        Partition& partition = card.partitions.emplace_back();
        partition.number = entry.number;
        partition.range = bytes_of(entry.first_sector, entry.sectors);
        partition.type_guid = std::move(entry.type);
        partition.active = (entry.attributes & 4U) != 0;
        partition.name = std::move(entry.name);
        partition.partuuid = std::move(entry.guid);
    }
    for (std::string& fault : gpt.faults) card.problems.push_back(problem(std::move(fault)));
}

/// A card that `flash` was stopped on has no table, and says so.
void refuse_unfinished(const Card& card, OpenContent& disk) {
    Bytes first(std::min<std::uint64_t>(card.size, sector));
    disk.read(0, first);
    if (says_unfinished(as_text(first)))
        throw Error(ErrorCode::artifact, card.path + " was not written to its end",
                    "the note of a flash that was stopped or failed", "a card that was written to its end",
                    "write it again: rpixen-img flash IMAGE DEVICE");
}

/// The partitions, from whichever table there is.
void read_table(Card& card) {
    const auto disk = card.image->open(0);
    refuse_unfinished(card, *disk);
    const std::string whole = detect_file_system(card.image, {0, card.size});
    std::vector<std::string> faults;
    const auto mbr = read_mbr(*disk, card.size, faults);
    // A FAT's boot sector ends like an MBR, too.
    if (!whole.starts_with("fat") && mbr && !mbr->partitions.empty()) {
        const auto protective = std::count_if(
            mbr->partitions.begin(), mbr->partitions.end(),
            [](const MbrPartition& entry) { return entry.type == MbrPartition::gpt_protective; });
        if (protective == 0) {
            take_mbr(*mbr, card);
            for (std::string& fault : faults) card.problems.push_back(problem(std::move(fault)));
            return;
        }
        card.hybrid_mbr = mbr->partitions.size() > static_cast<std::size_t>(protective);
        if (auto gpt = read_gpt(*disk, card.size)) {
            take_gpt(std::move(*gpt), card);
            return;
        }
        card.problems.push_back(problem("the image announces a GUID partition table, and there is none"));
        take_mbr(*mbr, card);
        return;
    }
    if (whole.empty())
        throw Error(ErrorCode::artifact, card.path + " is no card image", "neither a partition table nor a file system",
                    "a raw image of a card, plain or compressed", "name the image that would be written to the card");
    card.partitions.emplace_back().range = {0, card.size};
}

void drop_partitions_beyond_limit(Card& card) {
    if (card.partitions.size() <= most_partitions) return;
    card.problems.push_back(problem("the partition table is too long to be read to its end",
                                    std::to_string(card.partitions.size()) + " partitions",
                                    "at most " + std::to_string(most_partitions)));
    card.partitions.resize(most_partitions);
}

void check_places(Card& card) {
    const auto name = [](const Partition& partition) { return "partition " + std::to_string(partition.number); };
    for (Partition& partition : card.partitions) {
        partition.readable = {std::min(partition.range.begin, card.size), std::min(partition.range.end, card.size)};
        if (partition.range.end > card.size)
            card.problems.push_back(problem(name(partition) + " ends beyond the image",
                                            "its end at byte " + std::to_string(partition.range.end),
                                            "at most " + std::to_string(card.size), "partition-beyond-image"));
    }
    std::size_t overlaps = 0;
    for (auto one = card.partitions.begin(); one != card.partitions.end(); ++one)
        for (auto other = one + 1; other != card.partitions.end(); ++other)
            if (!one->extended && !other->extended && one->range.overlaps(other->range) && ++overlaps <= most_overlaps)
                card.problems.push_back(
                    problem(name(*one) + " and " + name(*other) + " overlap", {}, {}, "partitions-overlap"));
    if (overlaps > most_overlaps)
        card.problems.push_back(problem("more partitions overlap", std::to_string(overlaps - most_overlaps) + " pairs",
                                        {}, "partitions-overlap"));
}

/// Whether what a partition holds was read already, for one in front of it in the table, or partitions that overlap
/// were read several times over.
bool read_already(const Card& card, std::size_t index) {
    const Range place = card.partitions[index].readable;
    std::uint64_t bytes = place.size();
    bool same = false;
    for (std::size_t other = 0; other < index; ++other) {
        const Partition& before = card.partitions[other];
        if (!before.fat() && !before.ext()) continue;
        bytes = checked_add(bytes, before.readable.size());
        same = same || before.readable.begin == place.begin;
    }
    return same || bytes > most_times_read * card.size;
}

/// Which of the files and folders has the FAT's last cluster; no_id: none.
NodeId in_last_cluster(const FatBootSector& boot, const std::vector<FatPlace>& places, std::uint64_t start) {
    if (boot.clusters() == 0) return no_id;
    const std::uint64_t last = start + std::uint64_t{boot.first_data_sector()} * boot.bytes_per_sector +
                               (boot.clusters() - 1) * boot.cluster_size();
    for (std::size_t node = 0; node < places.size(); ++node)
        for (const Range& extent : places[node].extents)
            if (extent.begin <= last && last < extent.end) return narrow<NodeId>(node);
    return no_id;
}

void read_fat_partition(const ContentSourcePtr& image, Partition& partition) {
    FatVolume volume = read_fat(image, partition.readable, partition.problems);
    Fat& fat = *partition.fat();
    fat.size = std::uint64_t{volume.boot.total_sectors} * volume.boot.bytes_per_sector;
    fat.clusters = volume.boot.clusters();
    fat.used_end = volume.used_end;
    fat.cluster_size = volume.boot.cluster_size();
    fat.label = std::move(volume.label);
    fat.volume_id = volume.boot.volume_id;
    fat.places = std::move(volume.places);
    fat.in_last_cluster = in_last_cluster(volume.boot, fat.places, partition.readable.begin);
    partition.tree = std::move(volume.tree);
}

/// What an ext superblock says.
void describe(const ExtSuperblock& superblock, Ext& ext) {
    ext.version = static_cast<unsigned>(std::stoul(superblock.kind().substr(3)));
    ext.size = superblock.blocks * superblock.block_size;
    ext.label = superblock.label;
    ext.uuid = superblock.uuid;
}

void read_ext_partition(const ContentSourcePtr& image, Range range, Partition& partition) {
    Bytes bytes(ExtSuperblock::size);
    image->open(range.begin)->read(ExtSuperblock::offset, bytes);
    const auto superblock = parse_ext_superblock(bytes);
    if (!superblock) throw Error(ErrorCode::internal, "an ext superblock was seen and cannot be read");
    describe(*superblock, *partition.ext());
    partition.tree = read_ext4(image, range, partition.problems);
}

/// What cannot be read at all is one more thing that is wrong with the card.
template <typename Work>
void keep_damages(Partition& partition, const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact && error.code() != ErrorCode::verification) throw;
        partition.problems.insert(partition.problems.end(), error.problems().begin(), error.problems().end());
    }
}

/// What holding an ext file system's structures against themselves gave.
struct Health {
    std::vector<Problem> problems;
    std::vector<std::string> unproven;
};

Health health_of(const ContentSourcePtr& image, Range range, const Supervision& supervision) {
    Health health;
    check_ext4(image, range, health.problems, health.unproven, {nullptr, supervision.cancel});
    return health;
}

/// Half of the time is checksums, and both passes over an ext4 take them: so the check goes on beside the
/// reading, or behind it where the system gives no thread.
std::future<Health> health_beside(const ContentSourcePtr& image, Range range, const Supervision& supervision) {
    return beside([image, range, &supervision] { return health_of(image, range, supervision); });
}

void add(Health health, Partition& partition) {
    std::move(health.problems.begin(), health.problems.end(), std::back_inserter(partition.problems));
    std::move(health.unproven.begin(), health.unproven.end(), std::back_inserter(partition.not_proven));
}

std::variant<Foreign, Fat, Ext, Copied> file_system_of(const std::string& name) {
    const auto number = [&](std::size_t prefix) { return static_cast<unsigned>(std::stoul(name.substr(prefix))); };
    if (name.starts_with("fat")) {
        Fat fat;
        fat.bits = number(3);
        return fat;
    }
    if (name.starts_with("ext")) {
        Ext ext;
        ext.version = number(3);
        return ext;
    }
    return Foreign{name};
}

}  // namespace

Card read_partitions(const ContentSourcePtr& image, std::uint64_t size) {
    Card card;
    card.path = image->name();
    card.image = image;
    card.size = size;
    card.table = PartitionTable::none;
    read_table(card);
    drop_partitions_beyond_limit(card);
    check_places(card);
    for (std::size_t index = 0; index < card.partitions.size(); ++index) {
        Partition& partition = card.partitions[index];
        if (!partition.extended && !read_already(card, index))
            partition.file_system = file_system_of(detect_file_system(card.image, partition.readable));
    }
    return card;
}

void read_file_systems(Card& card, const Supervision& supervision) {
    for (Partition& partition : card.partitions) {
        supervision.check();
        std::future<Health> check;
        if (partition.ext()) check = health_beside(card.image, partition.readable, supervision);
        keep_damages(partition, [&] {
            if (partition.fat()) read_fat_partition(card.image, partition);
            if (partition.ext()) read_ext_partition(card.image, partition.readable, partition);
        });
        if (check.valid()) add(check.get(), partition);
    }
}

void read_copied(Partition& partition, const Supervision& supervision) {
    const Content content = partition.copied()->content;
    const Range range{content.position, content.position + content.size};
    std::future<Health> check = health_beside(content.source, range, supervision);
    keep_damages(partition, [&] { read_ext_partition(content.source, range, partition); });
    add(check.get(), partition);
}

Card read_card(const ContentSourcePtr& image, std::uint64_t size, const Supervision& supervision) {
    Card card = read_partitions(image, size);
    read_file_systems(card, supervision);
    return card;
}

Card read_card(const std::string& path, const Supervision& supervision, const std::string& scratch_folder) {
    const ImageFile image = open_image_file(path, scratch_folder, supervision);
    try {
        Card card = read_card(image.file, image.file->size(), supervision);
        card.path = path;
        card.packing = image.packing;
        return card;
    } catch (Error& error) {
        throw error.add_context("reading " + path);
    }
}

}  // namespace rpixen
