#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

#include "artifact/packing.hpp"
#include "backend/direct/fat_reader.hpp"
#include "base/size.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

enum class PartitionTable : std::uint8_t {
    none,  ///< one file system over the whole image
    mbr,
    gpt,
};

/// "none", "mbr", "gpt"
const char* name_of(PartitionTable table) noexcept;

/// A partition of an image, with the files in it.
struct CardPartition {
    int number = 0;    ///< from 1; 0 for a file system without a partition table
    Range range;       ///< bytes, as the table says; may end beyond the image, which is then a problem
    Range readable;    ///< the part of it that is in the image
    std::string type;  ///< "0x0c"; in a GPT the type's GUID; empty without a table
    std::uint8_t mbr_type = 0;
    bool active = false;                 ///< MBR: the active flag; GPT: "legacy BIOS bootable"
    bool extended = false;               ///< an MBR's container of logical partitions
    std::string name;                    ///< GPT only
    std::string partuuid;                ///< "1234abcd-02" or a GUID, as root=PARTUUID= has it
    std::string file_system;             ///< as detect_file_system() has it
    std::uint64_t file_system_size = 0;  ///< bytes that the file system claims; 0 where it was not read
    std::string label;                   ///< of the file system
    std::string uuid;                    ///< of the file system: "1234-ABCD" (FAT) or a UUID
    FileTree tree;                       ///< of a FAT or ext; otherwise only an empty root directory
    std::vector<FatPlace> fat_places;    ///< of a FAT: where its files lie in the image, by NodeId
    std::vector<Problem> problems;       ///< damages of the file system

    bool fat() const { return file_system.starts_with("fat"); }
    bool ext() const { return file_system.starts_with("ext") && file_system.size() == 4; }
};

/// Any raw card image as a value: what is on it and what is wrong with its structures.
struct Card {
    std::string path;
    Packing packing = Packing::plain;  ///< of the file; `image` is unpacked
    ContentSourcePtr image;
    std::uint64_t size = 0;  ///< bytes, unpacked
    PartitionTable table = PartitionTable::none;
    std::uint32_t disk_signature = 0;       ///< MBR
    std::string disk_guid;                  ///< GPT
    bool hybrid_mbr = false;                ///< a GPT whose MBR has further partitions for old boot loaders
    std::vector<CardPartition> partitions;  ///< in the order of the table
    std::vector<Problem> problems;  ///< of the partition table: overlaps, beyond the end, damaged copies

    /// The partition that the Raspberry Pi boots from: the first FAT. Null where there is none.
    const CardPartition* boot_partition() const;
    /// By number; null where there is none.
    const CardPartition* partition(int number) const;
};

/// Reads the tables, directories and inodes of an image; contents are read later, through the trees. A
/// compressed image is unpacked first (image_file.hpp). A damaged file system gives problems and as much of
/// its tree as can be read. Throws Error{artifact}: the file cannot be opened or unpacked, or holds neither a
/// partition table nor a known file system; Error{io, cancelled}.
Card read_card(const std::string& path, const Supervision& supervision = {},
               const std::string& scratch_folder = "/var/tmp");

/// As read_card(), for an image that is open already (a back end's output, a memfd).
Card read_card(const ContentSourcePtr& image, std::uint64_t size, const Supervision& supervision = {});

/// The first half of read_card(): the partition table, and what kind of file system each partition has.
Card read_partitions(const ContentSourcePtr& image, std::uint64_t size);
/// The second half: the trees of the file systems.
void read_file_systems(Card& card, const Supervision& supervision = {});

}  // namespace rpixen
