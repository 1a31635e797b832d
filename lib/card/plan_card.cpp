#include "card/plan_card.hpp"

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "card/identity.hpp"
#include "card/owners.hpp"
#include "card/xl_guests.hpp"
#include "fs/ext4/geometry.hpp"
#include "fs/ext4/size.hpp"
#include "fs/fat/geometry.hpp"
#include "fs/fat/layout.hpp"

namespace rpixen {
namespace {

constexpr std::uint8_t type_fat32_lba = 0x0c;
constexpr std::uint8_t type_linux = 0x83;
constexpr std::uint64_t sector = 512;
/// An MBR counts sectors with 32 bits.
constexpr std::uint64_t largest_mbr_disk = (std::uint64_t{1} << 32) * sector;

Error manifest_error(const Manifest& manifest, const std::string& pointer, std::string message, std::string found,
                     std::string allowed, std::string change) {
    Location location = manifest.locate(pointer);
    if (location.pointer.empty()) location.pointer = pointer;
    if (location.file.empty()) location.file = manifest.file;
    return {ErrorCode::manifest,
            Problem{std::move(message), std::move(found), std::move(allowed), std::move(change), std::move(location)}};
}

/// The boot partition's files. They carry the card's time stamp: the times of inputs differ from machine to
/// machine.
FileTree boot_tree(const BootPlan& boot, const Metadata& metadata) {
    FileTree tree;
    for (const BootFile& file : boot.files) tree.add_file(tree.locate(file.path), metadata, file.content);
    for (NodeId node = 0; node < tree.node_count(); ++node)
        if (tree.type(node) == NodeType::directory) tree.set_metadata(node, metadata);
    return tree;
}

void add_extra_files(const Manifest& manifest, const std::vector<Content>& contents, FileTree& boot, FileTree& root,
                     std::int64_t time) {
    boot.begin_layer();
    root.begin_layer();
    // The folders on the way to them are named by "owners" too; the files themselves have their own.
    for (const ExtraFile& file : manifest.files)
        if (file.partition == ExtraFile::Partition::root) root.locate(file.target);
    apply_owners(manifest, root);
    for (std::size_t index = 0; index < manifest.files.size(); ++index) {
        const ExtraFile& file = manifest.files[index];
        FileTree& tree = file.partition == ExtraFile::Partition::boot ? boot : root;
        const std::uint16_t mode = file.mode.value_or(&tree == &boot ? 0755 : 0644);
        try {
            tree.add_file(tree.locate(file.target), {mode, file.uid, file.gid, {time, 0}}, contents.at(index), {},
                          FileTree::Existing::replace);
        } catch (Error& error) {
            error.add_context("adding " + file.source + " as " + file.target);
            throw;
        }
    }
}

/// Guests of xl and a bridge are files of the root file system.
void check_guests_of_prebuilt(const Manifest& manifest, const RootFileSystem& root) {
    if (!root.prebuilt) return;
    for (const Guest& guest : manifest.guests)
        if (guest.start == GuestStart::xl)
            throw Error(ErrorCode::unfit, Problem{"a guest of xl cannot be added to a prebuilt ext4 image", guest.name,
                                                  "a root file system of layers, or \"start\": \"xen\"",
                                                  "give the root file system as a tar or folder", guest.location});
    if (manifest.network)
        throw Error(ErrorCode::unfit,
                    Problem{"a bridge cannot be added to a prebuilt ext4 image", manifest.network->bridge,
                            "a root file system of layers", "give the root file system as a tar or folder",
                            manifest.network->location});
}

Partition plan_boot_partition(const Manifest& manifest, FileTree tree, std::int64_t time) {
    Partition partition;
    partition.name = "boot";
    partition.number = 1;
    partition.range = {manifest.alignment, checked_add(manifest.alignment, manifest.boot_size)};
    partition.mbr_type = type_fat32_lba;
    partition.active = true;
    partition.file_system = Fat{};
    partition.fat()->label = manifest.boot_label;
    partition.fat()->sectors_per_cluster = fat32_sectors_per_cluster(manifest.boot_size);
    if (partition.fat()->sectors_per_cluster == 0)
        throw manifest_error(manifest, "/image/boot_partition/size", "the boot partition is too small for a FAT32",
                             format_size(manifest.boot_size),
                             "at least " + format_size(align_up(smallest_fat32(), MiB)),
                             "the firmware and U-Boot take a smaller one for a FAT16; enlarge it");
    partition.fat()->hidden_sectors = narrow<std::uint32_t>(partition.range.begin / sector);
    partition.fat()->time = {time, 0};
    partition.tree = std::move(tree);
    const FatBootSector boot = layout_fat32(partition.tree, *partition.fat(), partition.range.size()).boot;
    partition.fat()->size = std::uint64_t{boot.total_sectors} * boot.bytes_per_sector;
    partition.fat()->clusters = boot.clusters();
    partition.fat()->cluster_size = boot.cluster_size();
    return partition;
}

/// Bytes that the root partition may have at most; nothing where the image grows with it.
std::optional<std::uint64_t> room_for_root(const Manifest& manifest, std::uint64_t offset) {
    if (manifest.image_size.kind != SizeWish::Kind::exact) return std::nullopt;
    const std::uint64_t size = manifest.image_size.bytes;
    if (size % MiB != 0)
        throw manifest_error(manifest, "/image/size", "the image's size is no multiple of 1 MiB", format_size(size),
                             "a multiple of 1MiB", "flashers write in such steps; round it");
    if (size <= offset)
        throw Error(ErrorCode::unfit, "the image has no room for a root partition",
                    format_size(size) + " in all, " + format_size(offset) + " before the root partition", {},
                    "enlarge image.size or make the boot partition smaller");
    return size - offset;
}

std::uint64_t wished_root_size(const Manifest& manifest, const std::optional<std::uint64_t>& room) {
    if (manifest.root_size.kind == SizeWish::Kind::exact) return manifest.root_size.bytes;
    if (manifest.root_size.kind == SizeWish::Kind::fill) {
        if (!room)
            throw manifest_error(manifest, "/image/root_partition/size", "\"fill\" needs an image of a given size",
                                 "image.size \"auto\"", "an image.size in bytes",
                                 "give image.size, or use \"auto\" for the root partition");
        return *room;
    }
    return 0;
}

void check_fits(std::uint64_t size, const std::optional<std::uint64_t>& room, const std::string& what) {
    if (room && size > *room)
        throw Error(ErrorCode::unfit, what + " does not fit the image", format_size(size),
                    "at most " + format_size(*room), "enlarge image.size or leave it \"auto\"");
}

/// A prebuilt file system has its own label and its own room: a wish that would be left out is told.
void check_wishes_for_prebuilt(const Manifest& manifest) {
    for (const auto& [pointer, change] :
         {std::pair{"/image/root_partition/label", "leave it out; e2label names the image"},
          std::pair{"/image/root_partition/free", "leave it out; resize2fs makes the image larger"}})
        if (manifest.locations.contains(pointer))
            throw manifest_error(manifest, pointer, "a prebuilt ext4 image is copied as it is",
                                 "a wish for the root file system", "none beside a prebuilt image", change);
}

Partition plan_root_partition(const Manifest& manifest, FileTree tree, const std::optional<Content>& prebuilt,
                              const Identity& identity, std::int64_t time) {
    const std::uint64_t offset = root_partition_offset(manifest);
    const auto room = room_for_root(manifest, offset);
    const std::uint64_t wished = wished_root_size(manifest, room);
    Partition partition;
    partition.name = "root";
    partition.number = 2;
    partition.mbr_type = type_linux;
    std::uint64_t size = wished;
    if (prebuilt) {
        check_wishes_for_prebuilt(manifest);
        if (size == 0) size = align_up(prebuilt->size, MiB);
        if (prebuilt->size > size)
            throw Error(ErrorCode::unfit, "the prebuilt ext4 image is larger than the root partition",
                        format_size(prebuilt->size), "at most " + format_size(size),
                        "enlarge root_partition.size or shrink the file system with resize2fs");
        partition.file_system = Copied{*prebuilt, {}};
    } else {
        Ext4Wish wish;
        wish.label = manifest.root_label;
        wish.uuid = identity.root_uuid;
        wish.hash_seed = identity.hash_seed;
        wish.time = {time, 0};
        wish.partition_offset = offset;
        wish.size = wished;
        wish.free = manifest.root_free;
        Ext ext{size_ext4(tree, wish)};
        ext.size = ext.block_count * ext4::block_size;
        if (size == 0) size = align_up(ext.size, MiB);
        partition.file_system = std::move(ext);
        partition.tree = std::move(tree);
    }
    check_fits(size, room, "the root partition");
    partition.range = {offset, checked_add(offset, size)};
    return partition;
}

Sha256Digest digest_of(const Content& content) {
    Sha256 digest;
    if (content.size == 0) return digest.finish();
    const auto open = content.open();
    Bytes buffer(std::min<std::uint64_t>(content.size, MiB));
    for (std::uint64_t done = 0; done < content.size;) {
        const MutableBytes part = MutableBytes(buffer).first(
            std::min<std::uint64_t>(buffer.size(), content.size - done));
        open->read(done, part);
        digest.update(part);
        done += part.size();
    }
    return digest.finish();
}

/// Digests that were taken when the artifacts were examined, for what goes onto the card as it is.
using KnownDigests = std::map<const ContentSource*, std::string>;

KnownDigests known_digests(const ArtifactSet& artifacts) {
    KnownDigests known;
    const auto add = [&](const Artifact& artifact) {
        if (artifact.packing == "none" && artifact.sha256) known[artifact.content.source.get()] = *artifact.sha256;
    };
    for (const Artifact* artifact :
         std::initializer_list<const Artifact*>{&artifacts.xen, &artifacts.kernel, &artifacts.uboot})
        add(*artifact);
    for (const Artifact& tree : artifacts.dtbs) add(tree);
    for (const auto& [kind, module] : artifacts.modules) add(module);
    for (const Artifact& overlay : artifacts.overlays) add(overlay);
    for (const GuestArtifacts& guest : artifacts.guests) {
        add(guest.kernel);
        for (const auto& [kind, module] : guest.modules) add(module);
    }
    return known;
}

/// Derives the identifiers from what the card is made of: every boot file with its bytes, the root tree
/// without its files' data (names, sizes and times tell two of them apart), a prebuilt file system by its
/// superblock.
Identity identify(const std::string& name, const FileTree& boot, const FileTree& root,
                  const std::optional<Content>& prebuilt, const KnownDigests& known) {
    Sha256 digest;
    digest.update("rpixen-img 1").update(name).update(digest_of(boot)).update(digest_of(root));
    for (NodeId node = 0; node < boot.node_count(); ++node) {
        if (boot.type(node) != NodeType::file || boot.links(node) == 0) continue;
        const Content content = boot.content(node);
        const auto found = known.find(content.source.get());
        digest.update(found != known.end() ? found->second : hex(digest_of(content)));
    }
    if (prebuilt) digest.update(digest_of({prebuilt->source, prebuilt->position + 1024, 1024}));
    return derive_identity(digest.finish());
}

}  // namespace

std::uint64_t root_partition_offset(const Manifest& manifest) {
    return align_up(checked_add(manifest.alignment, manifest.boot_size), manifest.alignment);
}

std::uint64_t largest_image(std::uint64_t card_size) {
    return std::min(align_down(card_size, MiB), largest_mbr_disk);
}

Card plan_card(const Manifest& manifest, const ArtifactSet& artifacts, RootFileSystem&& root, const BootPlan& boot,
               std::int64_t time) {
    FileTree files = boot_tree(boot, {0755, 0, 0, {time, 0}});
    if (root.prebuilt)
        for (const ExtraFile& file : manifest.files)
            if (file.partition == ExtraFile::Partition::root)
                throw Error(ErrorCode::unfit, Problem{"a file cannot be added to a prebuilt ext4 image", file.target,
                                                      "files for the boot partition",
                                                      "give the root file system as a tar or folder", file.location});
    if (root.prebuilt && !manifest.owners.empty())
        throw Error(ErrorCode::unfit,
                    Problem{"owners cannot be changed in a prebuilt ext4 image", manifest.owners[0].path,
                            "a root file system of layers", "give the root file system as a tar or folder",
                            manifest.owners[0].location});
    check_guests_of_prebuilt(manifest, root);
    if (!root.prebuilt) {
        root.tree.begin_layer();
        add_xl_guests(manifest, artifacts, root.tree, time);
        if (manifest.network) add_bridge(*manifest.network, root.tree, time);
    }
    add_extra_files(manifest, artifacts.extra_files, files, root.tree, time);

    Card plan;
    plan.kernel = artifacts.kernel;
    plan.partitions.push_back(plan_boot_partition(manifest, std::move(files), time));
    // After the boot partition was found to fit, because this reads its files.
    const Identity identity = identify(manifest.name, plan.partitions.back().tree, root.tree, root.prebuilt,
                                       known_digests(artifacts));
    plan.disk_signature = identity.disk_signature;
    plan.partitions.back().fat()->volume_id = identity.volume_id;
    plan.partitions.push_back(plan_root_partition(manifest, std::move(root.tree), root.prebuilt, identity, time));
    for (Partition& partition : plan.partitions)
        partition.partuuid = mbr_partuuid(plan.disk_signature, partition.number);
    plan.size = align_up(plan.partitions.back().range.end, MiB);
    if (manifest.image_size.kind == SizeWish::Kind::exact) plan.size = manifest.image_size.bytes;
    if (plan.size > largest_mbr_disk)
        throw Error(ErrorCode::unfit, "the image is larger than a partition table of this kind can describe",
                    format_size(plan.size), "at most 2TiB", "make the root partition smaller");
    return plan;
}

}  // namespace rpixen
