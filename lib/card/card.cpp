#include "card/card.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "backend/direct/ext4_reader.hpp"
#include "base/digest.hpp"
#include "card/file_system.hpp"
#include "card/image_file.hpp"
#include "format/ext_superblock.hpp"
#include "format/gpt.hpp"
#include "format/mbr.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t sector = 512;

std::string hexadecimal(std::uint32_t value, unsigned digits) {
    std::array<std::byte, 4> bytes{};
    store_be(bytes.data(), value);
    return hex(bytes).substr(8 - digits);
}

std::string volume_id_text(std::uint32_t id) {
    std::string text = hexadecimal(id, 8);
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    return text.insert(4, "-");
}

Problem problem(std::string message, std::string found = {}, std::string allowed = {}) {
    return {std::move(message), std::move(found), std::move(allowed), {}, {}};
}

Range bytes_of(std::uint64_t first_sector, std::uint64_t sectors) {
    const std::uint64_t begin = checked_multiply(first_sector, sector);
    return {begin, checked_add(begin, checked_multiply(sectors, sector))};
}

void take_mbr(const MasterBootRecord& mbr, Card& card) {
    card.table = PartitionTable::mbr;
    card.disk_signature = mbr.disk_signature;
    for (const MbrPartition& entry : mbr.partitions) {
        CardPartition& partition = card.partitions.emplace_back();
        partition.number = entry.number;
        partition.range = bytes_of(entry.first_sector, entry.sectors);
        partition.mbr_type = entry.type;
        partition.type = "0x" + hexadecimal(entry.type, 2);
        partition.active = entry.active;
        partition.extended = entry.extended();
        partition.partuuid = hexadecimal(mbr.disk_signature, 8) + "-" +
                             hexadecimal(static_cast<std::uint32_t>(entry.number), 2);
    }
}

void take_gpt(GuidPartitionTable gpt, Card& card) {
    card.table = PartitionTable::gpt;
    card.disk_guid = gpt.disk_guid;
    for (GptPartition& entry : gpt.partitions) {
        CardPartition& partition = card.partitions.emplace_back();
        partition.number = entry.number;
        partition.range = bytes_of(entry.first_sector, entry.sectors);
        partition.type = std::move(entry.type);
        partition.active = (entry.attributes & 4U) != 0;
        partition.name = std::move(entry.name);
        partition.partuuid = std::move(entry.guid);
    }
    for (std::string& fault : gpt.faults) card.problems.push_back(problem(std::move(fault)));
}

/// The partitions, from whichever table there is.
void read_table(Card& card) {
    const auto disk = card.image->open(0);
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
        throw Error(ErrorCode::artifact, card.path + " is no card image",
                    "neither a partition table nor a file system",
                    "a raw image of a card, plain or compressed",
                    "name the image that would be written to the card");
    card.partitions.emplace_back().range = {0, card.size};
}

void check_places(Card& card) {
    const auto name = [](const CardPartition& partition) {
        return "partition " + std::to_string(partition.number);
    };
    for (CardPartition& partition : card.partitions) {
        partition.readable = {std::min(partition.range.begin, card.size),
                              std::min(partition.range.end, card.size)};
        if (partition.range.end > card.size)
            card.problems.push_back(problem(name(partition) + " ends beyond the image",
                                            "its end at byte " + std::to_string(partition.range.end),
                                            "at most " + std::to_string(card.size)));
    }
    for (auto one = card.partitions.begin(); one != card.partitions.end(); ++one)
        for (auto other = one + 1; other != card.partitions.end(); ++other)
            if (!one->extended && !other->extended && one->range.overlaps(other->range))
                card.problems.push_back(problem(name(*one) + " and " + name(*other) + " overlap"));
}

void read_fat_partition(const ContentSourcePtr& image, CardPartition& partition) {
    FatVolume volume = read_fat(image, partition.readable, partition.problems);
    partition.file_system_size = std::uint64_t{volume.boot.total_sectors} * volume.boot.bytes_per_sector;
    partition.label = std::move(volume.label);
    partition.uuid = volume_id_text(volume.boot.volume_id);
    partition.tree = std::move(volume.tree);
    partition.fat_places = std::move(volume.places);
}

void read_ext_partition(const ContentSourcePtr& image, CardPartition& partition) {
    Bytes bytes(ExtSuperblock::size);
    image->open(partition.readable.begin)->read(ExtSuperblock::offset, bytes);
    const auto superblock = parse_ext_superblock(bytes);
    if (!superblock) throw Error(ErrorCode::internal, "an ext superblock was seen and cannot be read");
    partition.file_system_size = superblock->blocks * superblock->block_size;
    partition.label = superblock->label;
    partition.uuid = format_uuid(superblock->uuid);
    partition.tree = read_ext4(image, partition.readable, partition.problems);
}

void read_file_system(const ContentSourcePtr& image, CardPartition& partition) {
    try {
        if (partition.fat()) read_fat_partition(image, partition);
        if (partition.ext()) read_ext_partition(image, partition);
    } catch (const Error& error) {
        // What cannot be read at all is one more thing that is wrong with the card.
        if (error.code() != ErrorCode::artifact && error.code() != ErrorCode::verification) throw;
        partition.problems.insert(partition.problems.end(), error.problems().begin(), error.problems().end());
    }
}

}  // namespace

const char* name_of(PartitionTable table) noexcept {
    switch (table) {
        case PartitionTable::none:
            return "none";
        case PartitionTable::mbr:
            return "mbr";
        case PartitionTable::gpt:
            return "gpt";
    }
    return "none";
}

const CardPartition* Card::boot_partition() const {
    const auto found =
        std::find_if(partitions.begin(), partitions.end(), [](const auto& p) { return p.fat(); });
    return found == partitions.end() ? nullptr : &*found;
}

const CardPartition* Card::partition(int number) const {
    const auto found =
        std::find_if(partitions.begin(), partitions.end(), [&](const auto& p) { return p.number == number; });
    return found == partitions.end() ? nullptr : &*found;
}

Card read_partitions(const ContentSourcePtr& image, std::uint64_t size) {
    Card card;
    card.path = image->name();
    card.image = image;
    card.size = size;
    read_table(card);
    check_places(card);
    for (CardPartition& partition : card.partitions)
        if (!partition.extended) partition.file_system = detect_file_system(card.image, partition.readable);
    return card;
}

void read_file_systems(Card& card, const Supervision& supervision) {
    for (CardPartition& partition : card.partitions) {
        supervision.check();
        read_file_system(card.image, partition);
    }
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
