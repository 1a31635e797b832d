#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "fs/ext4/block_space.hpp"
#include "fs/ext4/directory.hpp"
#include "fs/ext4/geometry.hpp"
#include "fs/ext4/parameters.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::ext4 {

/// A run of a file's blocks on the disk, at most longest_extent of them.
struct Extent {
    std::uint32_t logical = 0;  ///< block in the file
    std::uint32_t first = 0;    ///< block in the file system
    std::uint32_t count = 0;
    friend bool operator==(const Extent&, const Extent&) = default;
};

/// The blocks that hold data of a file, as runs of blocks in the file; runs that share a block are one.
std::vector<BlockRun> logical_blocks(const std::vector<DataRun>& runs);
std::uint32_t block_total(const std::vector<BlockRun>& runs);

/// The extents of a file whose data blocks are laid one after another from `first` on, around the fixed
/// places.
std::vector<Extent> extents_of(const std::vector<BlockRun>& logical, std::uint32_t first);
/// The same for pieces that lie anywhere.
std::vector<Extent> extents_of(const std::vector<BlockRun>& logical, const std::vector<BlockRun>& pieces);

// An extent tree's root in the inode holds 4 entries, a block 340 (and a checksum).
inline constexpr std::uint32_t root_extents = 4;
inline constexpr std::uint32_t block_extents = (block_size - 12 - 4) / 12;
/// Blocks of the tree over `extents` entries, all levels below the root together.
std::uint32_t extent_tree_blocks(std::uint32_t extents);

using NodeBlock = std::pair<NodeId, std::uint32_t>;

/// What does not depend on the size of the file system: an inode for each node and a place for each block of
/// content.
struct ContentLayout {
    struct Directory {
        NodeId node = 0;
        std::uint32_t block_count = 0;
        std::uint32_t subdirectories = 0;
    };

    std::vector<std::uint32_t> inode;        ///< by node; 0 where the node is not in the tree
    std::vector<std::uint32_t> first_block;  ///< by node: of a file's data, a directory, a long symlink's target; or 0
    std::vector<Directory> directories;      ///< by ascending node
    std::vector<NodeBlock> extent_blocks;    ///< by ascending node: first of the blocks of its extent tree
    std::vector<NodeBlock> xattr_blocks;     ///< by ascending node
    std::uint32_t inodes_used = 0;           ///< 1 to this one, without gaps
    std::uint32_t lost_and_found = 0;        ///< its first block; 0 where the tree brings its own
    std::vector<BlockRun> adopted;           ///< hold data already
    std::vector<BlockRun> sources;           ///< hold data already that must move: free in the end
    BlockSpace space;                        ///< what is left; without `sources`
};

inline constexpr std::uint32_t lost_and_found_blocks = 4;  ///< 16 KiB like mke2fs, so that e2fsck need not allocate

/// Places a tree's content. Data comes first, in the order of nodes (that of the archive), then directories,
/// symlinks and the blocks of extents and attributes. Data that is placed stays where it lies; a
/// content without a source, as a plan has it for a stream, is placed as the stream would have been. Throws
/// Error{unfit} with every node that ext4 cannot hold.
ContentLayout place_content(const FileTree& tree, const Uuid& hash_seed, std::uint64_t partition_offset);

/// The names in a directory: what its entries are made from, in the order of plan_directory()'s places.
struct DirectoryNames {
    std::vector<EntryId> entries;         ///< sorted by name
    std::vector<std::string_view> names;  ///< of the entries, and "lost+found" last where the root has it added
};
DirectoryNames directory_names(const FileTree& tree, NodeId directory, bool add_lost_and_found);

/// Where the file system's own tables lie.
struct GroupLayout {
    Geometry geometry;
    std::uint32_t resize_block = 0;  ///< the double indirect block of the resize inode
    std::vector<BlockRun> journal;   ///< at most 4 extents
    std::vector<std::uint32_t> block_bitmaps, inode_bitmaps, inode_tables;  ///< by group
    std::vector<BlockRun> used;                                             ///< every used block, ascending
    std::uint32_t free_blocks = 0;
};

/// Nothing where the tables do not fit beside the content.
std::optional<GroupLayout> place_groups(const ContentLayout& content, const Geometry& geometry);

struct Ext4Layout {
    ContentLayout content;
    GroupLayout groups;
};

/// Throws Error{unfit}: see place_content(); and Error{internal} where `parameters` are not those of
/// size_ext4().
Ext4Layout lay_out(const FileTree& tree, const Ext4Parameters& parameters, std::uint64_t partition_offset);

}  // namespace rpixen::ext4
