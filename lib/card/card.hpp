#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <rpixen/error.hpp>

#include "artifact/artifact_set.hpp"
#include "base/size.hpp"
#include "fs/ext4/parameters.hpp"
#include "fs/fat/parameters.hpp"
#include "storage/content.hpp"
#include "tree/file_tree.hpp"
#include "unpack/packing.hpp"

namespace rpixen {

/// No file system, or one that is only recognised.
struct Foreign {
    std::string name;  ///< "squashfs", "swap" ...; empty where nothing is known
};

/// A FAT: one to be made (always a FAT32), or one that was read.
struct Fat : Fat32Parameters {
    unsigned bits = 32;              ///< 12, 16 or 32
    std::uint64_t size = 0;          ///< bytes that it claims; 0: not known
    std::uint64_t clusters = 0;      ///< 0: not known
    std::uint64_t used_end = 0;      ///< bytes to the end of the last cluster in use; of a FAT that was read
    std::uint64_t cluster_size = 0;  ///< bytes
    std::vector<FatPlace> places;    ///< where its files lie in the image, by NodeId; of a FAT that was read
    NodeId in_last_cluster = no_id;  ///< what lies in its last cluster; a FAT to be made leaves it free
};

/// An ext file system: one to be made (always an ext4), or one that was read.
struct Ext : Ext4Parameters {
    unsigned version = 4;    ///< 2, 3 or 4
    std::uint64_t size = 0;  ///< bytes that it claims; 0: not known
};

/// A file system that is copied as it is: a prebuilt ext4 image.
struct Copied {
    Content content;
    Ext ext;  ///< what it says of itself
};

/// A partition with the files in it: planned, or read from an image.
struct Partition {
    int number = 0;             ///< from 1; 0 for a file system without a partition table
    std::string name;           ///< of a plan: "boot", "root"; of a GPT: the entry's
    Range range;                ///< bytes, as the table says; may end beyond an image that was read
    Range readable;             ///< the part of it that is in the image; of a read one
    std::uint8_t mbr_type = 0;  ///< 0x0c, 0x83
    std::string type_guid;      ///< GPT only
    bool active = false;        ///< MBR: the active flag; GPT: "legacy BIOS bootable"
    bool extended = false;      ///< an MBR's container of logical partitions
    std::string partuuid;       ///< "1234abcd-02" or a GUID, as root=PARTUUID= has it
    std::variant<Foreign, Fat, Ext, Copied> file_system;
    FileTree tree;                        ///< of a FAT or ext; otherwise only an empty root directory
    std::vector<Problem> problems;        ///< damages of the file system
    std::vector<std::string> not_proven;  ///< what its features keep from being proven

    const Fat* fat() const { return std::get_if<Fat>(&file_system); }
    Fat* fat() { return std::get_if<Fat>(&file_system); }
    const Copied* copied() const { return std::get_if<Copied>(&file_system); }
    Copied* copied() { return std::get_if<Copied>(&file_system); }
    /// Of a copied one too.
    const Ext* ext() const;
    Ext* ext();
    /// "fat32", "ext4", "squashfs" ...; empty where it is not known.
    std::string file_system_name() const;
    /// Bytes that the file system claims; 0 where that is not known.
    std::uint64_t file_system_size() const;
    /// As given; see label_on_disk().
    std::string label() const;
    /// As a reader finds it: a FAT keeps eleven bytes in upper case.
    std::string label_on_disk() const;
    /// "DEAD-BEEF" (FAT) or a UUID (ext); empty for others.
    std::string identifier() const;
    /// "0x0c", or in a GPT the type's GUID; empty without a table.
    std::string type_text() const;
};

enum class PartitionTable : std::uint8_t {
    none,  ///< one file system over the whole image
    mbr,
    gpt,
};

/// "none", "mbr", "gpt"
const char* name_of(PartitionTable table) noexcept;

/// A whole card as a value: planned, complete before a byte is written, or read from an image.
struct Card {
    std::string path;                  ///< of an image that was read
    Packing packing = Packing::plain;  ///< of that file; `image` is unpacked
    ContentSourcePtr image;            ///< null for a plan
    std::uint64_t size = 0;            ///< bytes, unpacked; of a plan a multiple of 1 MiB
    PartitionTable table = PartitionTable::mbr;
    std::uint32_t disk_signature = 0;   ///< MBR
    std::string disk_guid;              ///< GPT
    bool hybrid_mbr = false;            ///< a GPT whose MBR has further partitions for old boot loaders
    std::vector<Partition> partitions;  ///< in the order of the table; of a plan at most 4
    std::vector<Problem> problems;      ///< of the partition table: overlaps, beyond the end, damaged copies
    /// Of a plan: what its kernel was found to be when the inputs were examined, so that it need not be
    /// searched again.
    std::optional<KernelArtifact> kernel;

    /// The partition that the Raspberry Pi boots from: the first FAT. Null where there is none.
    const Partition* boot_partition() const;
    /// By number; null where there is none.
    const Partition* partition(int number) const;
};

/// "1234abcd-02", as root=PARTUUID= names an MBR's partition.
std::string mbr_partuuid(std::uint32_t disk_signature, int number);

}  // namespace rpixen
