#include "fs/ext4/layout.hpp"

#include <algorithm>

#include "base/size.hpp"
#include "fs/ext4/xattr.hpp"

namespace rpixen::ext4 {
namespace {

constexpr std::uint32_t most_links = 65000;                           // EXT4_LINK_MAX
constexpr std::uint64_t longest_file = (std::uint64_t{1} << 32) - 2;  // blocks; EXT_MAX_BLOCKS
constexpr std::uint32_t shortest_long_symlink = 60;                   // shorter ones live in the inode

/// Whether packed runs lie block by block as the file needs them, so that they can stay where a stream left
/// them.
bool block_aligned(const std::vector<DataRun>& runs) {
    for (std::size_t index = 0; index < runs.size(); ++index) {
        if (runs[index].logical % block_size != 0) return false;
        if (index + 1 < runs.size() && runs[index].length % block_size != 0) return false;
    }
    return true;
}

std::uint32_t blocks_of(std::uint64_t bytes) {
    const std::uint64_t blocks = divide_up(bytes, block_size);
    if (blocks > most_blocks)
        throw Error(ErrorCode::unfit, "a file is too large", std::to_string(bytes) + " bytes", "less than 504 GiB");
    return static_cast<std::uint32_t>(blocks);
}

class Placement {
  public:
    Placement(const FileTree& tree, const Uuid& hash_seed, std::uint64_t partition_offset)
        : tree_(tree), hash_seed_(hash_seed), partition_offset_(partition_offset) {}

    ContentLayout run() {
        layout_.first_block.assign(tree_.node_count(), 0);
        number_inodes();
        check_nodes();
        place_streamed();
        place_data();
        place_metadata();
        return std::move(layout_);
    }

  private:
    bool live(NodeId node) const { return tree_.links(node) != 0; }

    void number_inodes() {
        layout_.inode.assign(tree_.node_count(), 0);
        lost_and_found_ = !tree_.child(FileTree::root(), "lost+found");
        std::uint32_t next = first_inode + (lost_and_found_ ? 1 : 0);
        layout_.inode[FileTree::root()] = root_inode;
        for (NodeId node = 1; node < tree_.node_count(); ++node)
            if (live(node)) layout_.inode[node] = next++;
        layout_.inodes_used = next - 1;
    }

    void refuse(NodeId node, std::string message, std::string found, std::string allowed) {
        if (problems_.size() >= 100) return;
        Problem problem{std::move(message), std::move(found), std::move(allowed), {}, {}};
        problem.location.pointer = tree_.path_of(node);
        problems_.push_back(std::move(problem));
    }

    void check_nodes() {
        const XattrSet* encoded = nullptr;
        bool in_block = false;
        std::uint64_t names = 0;
        for (NodeId node = 0; node < tree_.node_count(); ++node) {
            if (!live(node)) continue;
            names += tree_.links(node);
            const NodeType type = tree_.type(node);
            if (type != NodeType::directory && tree_.links(node) > most_links)
                refuse(node, "a file has too many names", std::to_string(tree_.links(node)),
                       "at most " + std::to_string(most_links));
            if (type == NodeType::file && divide_up(tree_.size(node), block_size) > longest_file)
                refuse(node, "a file is too long", std::to_string(tree_.size(node)) + " bytes", "less than 16 TiB");
            if ((type == NodeType::character_device || type == NodeType::block_device) &&
                (tree_.device_major(node) >= 1 << 12 || tree_.device_minor(node) >= 1 << 20))
                refuse(node, "a device number is too large",
                       std::to_string(tree_.device_major(node)) + ":" + std::to_string(tree_.device_minor(node)),
                       "at most 4095:1048575");
            const XattrSet& xattrs = tree_.xattrs(node);
            if (xattrs.empty()) continue;
            if (&xattrs != encoded) {
                encoded = &xattrs;
                in_block = false;
                try {
                    in_block = !encode_xattrs(xattrs).block.empty();
                } catch (const Error& error) {
                    for (Problem problem : error.problems()) {
                        problem.location.pointer = tree_.path_of(node);
                        problems_.push_back(std::move(problem));
                    }
                }
            }
            if (in_block) layout_.xattr_blocks.emplace_back(node, 0);
        }
        // A card with more would not be read to its end, by `verify` neither.
        if (const std::uint64_t most = most_ext4_names(layout_.inodes_used); names > most)
            problems_.push_back({"the root file system has too many names for its files",
                                 std::to_string(names),
                                 "at most " + std::to_string(most),
                                 "leave out hard links",
                                 {}});
        if (!problems_.empty()) throw Error(ErrorCode::unfit, std::move(problems_));
    }

    /// Keeps what lies in the output already; a plan without the data does as if.
    void place_streamed() {
        std::vector<BlockRun> sources;
        BlockSpace stream;
        for (NodeId node = 0; node < tree_.node_count(); ++node) {
            if (tree_.type(node) != NodeType::file) continue;
            const Content content = tree_.content(node);
            if (content.size == 0) continue;
            if (content.source && !content.placed) continue;
            const std::uint32_t count = blocks_of(content.size);
            std::uint32_t first = 0;
            if (content.placed) {
                if (content.position < partition_offset_ || (content.position - partition_offset_) % block_size != 0)
                    throw Error(ErrorCode::internal, "streamed data lies in another partition");
                first = narrow<std::uint32_t>((content.position - partition_offset_) / block_size);
            } else {
                first = stream.allocate(count);
            }
            if (!live(node)) continue;  // overridden by a later layer
            const bool stays = block_aligned(tree_.runs(node));
            if (stays) layout_.first_block[node] = first;
            auto& list = stays ? layout_.adopted : sources;
            for (const BlockRun& piece : around_fixed_places(first, count)) {
                if (!list.empty() && list.back().end() == piece.first)
                    list.back().count += piece.count;
                else
                    list.push_back(piece);
            }
        }
        layout_.adopted = merged(std::move(layout_.adopted));
        layout_.sources = merged(std::move(sources));
        std::vector<BlockRun> occupied = layout_.adopted;
        occupied.insert(occupied.end(), layout_.sources.begin(), layout_.sources.end());
        layout_.space = BlockSpace(merged(std::move(occupied)));
    }

    void place_data() {
        for (NodeId node = 0; node < tree_.node_count(); ++node) {
            if (!live(node) || tree_.type(node) != NodeType::file || layout_.first_block[node] != 0) continue;
            const std::uint32_t count = tree_.sparse(node) ? block_total(logical_blocks(tree_.runs(node)))
                                                           : blocks_of(tree_.size(node));
            if (count != 0) layout_.first_block[node] = layout_.space.allocate(count);
        }
    }

    void place_metadata() {
        std::size_t xattr = 0;
        for (NodeId node = 0; node < tree_.node_count(); ++node) {
            if (!live(node)) continue;
            switch (tree_.type(node)) {
                case NodeType::directory:
                    place_directory(node);
                    break;
                case NodeType::symlink:
                    if (tree_.size(node) >= shortest_long_symlink)
                        layout_.first_block[node] = layout_.space.allocate(1);
                    break;
                case NodeType::file:
                    place_extents(node);
                    break;
                default:
                    break;
            }
            if (xattr < layout_.xattr_blocks.size() && layout_.xattr_blocks[xattr].first == node)
                layout_.xattr_blocks[xattr++].second = layout_.space.allocate(1);
        }
        if (lost_and_found_) layout_.lost_and_found = layout_.space.allocate(lost_and_found_blocks);
    }

    void place_directory(NodeId node) {
        const bool root = node == FileTree::root();
        const DirectoryNames names = directory_names(tree_, node, root && lost_and_found_);
        ContentLayout::Directory directory{node, plan_directory(names.names, hash_seed_).block_count(), 0};
        for (const EntryId entry : names.entries)
            directory.subdirectories += tree_.type(tree_.entry_node(entry)) == NodeType::directory;
        directory.subdirectories += root && lost_and_found_;
        layout_.first_block[node] = layout_.space.allocate(directory.block_count);
        layout_.directories.push_back(directory);
    }

    void place_extents(NodeId node) {
        if (layout_.first_block[node] == 0) return;
        // One extent is the rule; only large and sparse files have more.
        if (!tree_.sparse(node) && tree_.size(node) <= std::uint64_t{longest_extent} * block_size) return;
        const auto extents = extents_of(logical_blocks(tree_.runs(node)), layout_.first_block[node]);
        const std::uint32_t count = extent_tree_blocks(narrow<std::uint32_t>(extents.size()));
        if (count != 0) layout_.extent_blocks.emplace_back(node, layout_.space.allocate(count));
    }

    const FileTree& tree_;
    const Uuid& hash_seed_;
    std::uint64_t partition_offset_;
    bool lost_and_found_ = true;
    ContentLayout layout_;
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<BlockRun> logical_blocks(const std::vector<DataRun>& runs) {
    std::vector<BlockRun> blocks;
    for (const DataRun& run : runs) {
        auto first = static_cast<std::uint32_t>(run.logical / block_size);
        const auto end = static_cast<std::uint32_t>(divide_up(run.logical + run.length, block_size));
        if (!blocks.empty() && first <= blocks.back().end())
            blocks.back().count = end - blocks.back().first;
        else
            blocks.push_back({first, end - first});
    }
    return blocks;
}

std::uint32_t block_total(const std::vector<BlockRun>& runs) {
    std::uint64_t total = 0;
    for (const BlockRun& run : runs) total += run.count;
    return blocks_of(total * block_size);
}

std::vector<Extent> extents_of(const std::vector<BlockRun>& logical, const std::vector<BlockRun>& pieces) {
    std::vector<Extent> extents;
    std::size_t piece = 0;
    std::uint32_t used = 0;  // of the piece
    for (BlockRun run : logical) {
        while (run.count != 0) {
            const std::uint32_t count = std::min({run.count, pieces[piece].count - used, longest_extent});
            extents.push_back({run.first, pieces[piece].first + used, count});
            run = {run.first + count, run.count - count};
            used += count;
            if (used == pieces[piece].count) {
                ++piece;
                used = 0;
            }
        }
    }
    return extents;
}

std::vector<Extent> extents_of(const std::vector<BlockRun>& logical, std::uint32_t first) {
    return extents_of(logical, around_fixed_places(first, block_total(logical)));
}

std::uint32_t extent_tree_blocks(std::uint32_t extents) {
    std::uint32_t total = 0;
    while (extents > root_extents) {
        extents = (extents + block_extents - 1) / block_extents;
        total += extents;
    }
    return total;
}

ContentLayout place_content(const FileTree& tree, const Uuid& hash_seed, std::uint64_t partition_offset) {
    return Placement(tree, hash_seed, partition_offset).run();
}

DirectoryNames directory_names(const FileTree& tree, NodeId directory, bool add_lost_and_found) {
    DirectoryNames result;
    result.entries = tree.children(directory);
    result.names.reserve(result.entries.size() + 1);
    for (const EntryId entry : result.entries) result.names.push_back(tree.entry_name(entry));
    if (add_lost_and_found) result.names.push_back("lost+found");
    return result;
}

std::optional<GroupLayout> place_groups(const ContentLayout& content, const Geometry& geometry) {
    if (content.space.taken_end() > geometry.block_count) return std::nullopt;
    if (content.inodes_used > geometry.inode_count()) return std::nullopt;
    GroupLayout groups;
    groups.geometry = geometry;
    BlockSpace space = content.space;
    space.cut(geometry.block_count);

    // The large ones first, while there are long runs.
    const std::uint32_t journal = journal_blocks(geometry.block_count);
    if (journal <= longest_extent) {
        if (const auto first = space.find(journal)) groups.journal.push_back({*first, journal});
    }
    if (groups.journal.empty()) groups.journal = space.allocate_pieces(journal);
    if (groups.journal.empty() || extents_of({{0, journal}}, groups.journal).size() > root_extents) return std::nullopt;
    for (std::uint32_t group = 0; group < geometry.group_count; ++group) {
        const auto table = space.find(geometry.table_blocks());
        if (!table) return std::nullopt;
        groups.inode_tables.push_back(*table);
    }
    for (auto* bitmaps : {&groups.block_bitmaps, &groups.inode_bitmaps}) {
        for (std::uint32_t group = 0; group < geometry.group_count; ++group) {
            const auto block = space.find(1);
            if (!block) return std::nullopt;
            bitmaps->push_back(*block);
        }
    }
    const auto resize = space.find(1);
    if (!resize) return std::nullopt;
    groups.resize_block = *resize;

    std::vector<BlockRun> free = space.free_runs();
    free.insert(free.end(), content.sources.begin(), content.sources.end());
    free = merged(std::move(free));
    for (const BlockRun& run : free) groups.free_blocks += run.count;
    groups.used = complement(free, geometry.block_count);
    return groups;
}

Ext4Layout lay_out(const FileTree& tree, const Ext4Parameters& parameters, std::uint64_t partition_offset) {
    Ext4Layout layout;
    layout.content = place_content(tree, parameters.hash_seed, partition_offset);
    const auto geometry = make_geometry(parameters.block_count, parameters.inode_count);
    if (!geometry || geometry->block_count != parameters.block_count ||
        geometry->inode_count() != parameters.inode_count ||
        journal_blocks(geometry->block_count) != parameters.journal_blocks)
        throw Error(ErrorCode::internal, "the parameters of the ext4 are not those of a planned one");
    auto groups = place_groups(layout.content, *geometry);
    if (!groups) throw Error(ErrorCode::internal, "the ext4's content does not fit its planned size");
    layout.groups = std::move(*groups);
    return layout;
}

}  // namespace rpixen::ext4
