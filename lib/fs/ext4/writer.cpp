#include "fs/ext4/writer.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "fs/ext4/directory_blocks.hpp"
#include "fs/ext4/inode.hpp"
#include "fs/ext4/layout.hpp"
#include "fs/ext4/tables.hpp"
#include "fs/ext4/xattr.hpp"
#include "storage/data_path.hpp"

namespace rpixen {
namespace {

using ext4::block_size;
using ext4::BlockRun;
using ext4::Extent;
using ext4::Inode;

/// Whether the file's data is copied. What a store has placed and the layout has kept is not.
bool to_copy(const FileTree& tree, const ext4::ContentLayout& content, NodeId node) {
    if (tree.type(node) != NodeType::file || tree.links(node) == 0 || content.first_block[node] == 0) return false;
    if (!tree.content(node).placed) return true;
    const std::uint32_t first = content.first_block[node];
    const auto run = std::upper_bound(content.adopted.begin(), content.adopted.end(), first,
                                      [](std::uint32_t block, const BlockRun& kept) { return block < kept.first; });
    return run == content.adopted.begin() || first >= std::prev(run)->end();
}

class Ext4Writer {
  public:
    Ext4Writer(const FileTree& tree, const Ext4Parameters& parameters, PartitionOutput& partition,
               const Supervision& supervision, std::uint64_t& done)
        : tree_(tree),
          parameters_(parameters),
          partition_(partition),
          supervision_(supervision),
          done_(done),
          layout_(ext4::lay_out(tree, parameters, partition.offset())),
          seed_(parameters.uuid),
          blocks_(partition),
          tables_(partition),
          directories_(layout_.groups.geometry.group_count) {}

    void run() {
        clear_leftovers();
        copy_data();
        write_nodes();
        ext4::write_tables(parameters_, layout_, directories_, journal_, partition_);
        // What had to move (layout_.content.sources) is left in blocks that are free now: whoever holds the
        // tree can still read its contents, and nothing reads it in the image.
    }

    std::vector<Range> mapped() const {
        std::vector<Range> ranges;
        for (const BlockRun& run : layout_.groups.used)
            ranges.push_back({std::uint64_t{run.first} * block_size, std::uint64_t{run.end()} * block_size});
        return ranges;
    }

  private:
    void clear(const BlockRun& run) {
        partition_.clear(std::uint64_t{run.first} * block_size, std::uint64_t{run.count} * block_size);
    }

    /// A stream may have left data of files that a later layer replaced. Everything else must read as zeros.
    void clear_leftovers() {
        struct stat status {};
        if (::fstat(partition_.output().descriptor(), &status) != 0) throw_io("examine", partition_.output().path());
        const auto length = static_cast<std::uint64_t>(status.st_size);
        if (length <= partition_.offset() || (layout_.content.adopted.empty() && layout_.content.sources.empty()))
            return;
        std::vector<BlockRun> kept = layout_.content.adopted;
        kept.insert(kept.end(), layout_.content.sources.begin(), layout_.content.sources.end());
        kept = ext4::merged(std::move(kept));
        for (const BlockRun& run : ext4::complement(kept, kept.back().end())) clear(run);
        const std::uint64_t kept_end = std::uint64_t{kept.back().end()} * block_size;
        const std::uint64_t end = std::min(partition_.size(), length - partition_.offset());
        if (end > kept_end) partition_.clear(kept_end, end - kept_end);
    }

    void copy_data() {
        DataPath path(partition_, supervision_, done_);
        for (NodeId node = 0; node < tree_.node_count(); ++node)
            if (to_copy(tree_, layout_.content, node)) copy_file(node, path);
        path.finish();
    }

    void copy_file(NodeId node, DataPath& path) {
        const Content content = tree_.content(node);
        const std::uint32_t first = layout_.content.first_block[node];
        if (!tree_.sparse(node) && content.size <= std::uint64_t{ext4::longest_extent} * block_size) {
            path.copy(content, 0, std::uint64_t{first} * block_size, content.size);
            return;
        }
        const std::vector<DataRun> runs = tree_.runs(node);
        const std::vector<Extent> extents = ext4::extents_of(ext4::logical_blocks(runs), first);
        std::uint64_t from = 0;
        auto extent = extents.begin();
        for (DataRun run : runs) {
            while (run.length != 0) {
                while (run.logical >= (std::uint64_t{extent->logical} + extent->count) * block_size) ++extent;
                const std::uint64_t inside = run.logical - std::uint64_t{extent->logical} * block_size;
                const std::uint64_t part = std::min(run.length, std::uint64_t{extent->count} * block_size - inside);
                path.copy(content, from, std::uint64_t{extent->first} * block_size + inside, part);
                from += part;
                run = {run.logical + part, run.length - part};
            }
        }
    }

    /// The 256 zeroed bytes of an inode; numbers ascend.
    MutableBytes inode_place(std::uint32_t number) {
        const std::uint32_t per_group = layout_.groups.geometry.inodes_per_group;
        const std::uint32_t group = (number - 1) / per_group;
        const std::uint32_t index = (number - 1) % per_group;
        const std::uint32_t block = layout_.groups.inode_tables[group] + index / ext4::inodes_per_block;
        if (block != table_block_number_) {
            table_block_ = tables_.block(block);
            table_block_number_ = block;
        }
        return table_block_.subspan(index % ext4::inodes_per_block * ext4::inode_size, ext4::inode_size);
    }

    void put_inode(const Inode& inode, std::uint32_t number) {
        ext4::encode_inode(inode, number, seed_, inode_place(number));
        if ((inode.mode & 0170000) == 0040000) ++directories_[(number - 1) / layout_.groups.geometry.inodes_per_group];
    }

    void write_nodes() {
        write_node(FileTree::root());
        write_journal_inode();
        if (layout_.content.lost_and_found != 0) write_lost_and_found();
        for (NodeId node = 1; node < tree_.node_count(); ++node) {
            if (tree_.links(node) == 0) continue;
            write_node(node);
            if (node % 4096 == 0) supervision_.check();
        }
        blocks_.flush();
        tables_.flush();
    }

    void write_node(NodeId node) {
        const Metadata metadata = tree_.metadata(node);
        Inode inode;
        inode.mode = static_cast<std::uint16_t>(ext4::mode_of(tree_.type(node)) | metadata.mode);
        inode.uid = metadata.uid;
        inode.gid = metadata.gid;
        inode.links = tree_.links(node);
        inode.time = metadata.mtime;
        inode.created = parameters_.time;
        const std::uint32_t number = layout_.content.inode[node];
        switch (tree_.type(node)) {
            case NodeType::directory:
                fill_directory(node, inode);
                break;
            case NodeType::file:
                fill_file(node, inode);
                break;
            case NodeType::symlink:
                fill_symlink(node, inode);
                break;
            case NodeType::character_device:
            case NodeType::block_device:
                inode.block = ext4::device_block(tree_.device_major(node), tree_.device_minor(node));
                break;
            default:
                break;
        }
        const ext4::EncodedXattrs& xattrs = encoded_xattrs(node);
        inode.xattrs = xattrs.inode;
        if (!xattrs.block.empty()) fill_xattr_block(node, xattrs, inode);
        put_inode(inode, number);
    }

    const ext4::EncodedXattrs& encoded_xattrs(NodeId node) {
        // Neighbours mostly have the same attributes, or none.
        const XattrSet& set = tree_.xattrs(node);
        if (&set != xattr_set_) {
            xattr_set_ = &set;
            xattrs_ = ext4::encode_xattrs(set);
        }
        return xattrs_;
    }

    void fill_xattr_block(NodeId node, const ext4::EncodedXattrs& xattrs, Inode& inode) {
        while (layout_.content.xattr_blocks[next_xattr_].first != node) ++next_xattr_;
        const std::uint32_t number = layout_.content.xattr_blocks[next_xattr_].second;
        const MutableBytes bytes = blocks_.block(number);
        std::ranges::copy(xattrs.block, bytes.begin());
        std::array<std::byte, 8> place{};
        store_le(place.data(), std::uint64_t{number});
        store_le(bytes.data() + ext4::xattr_checksum_place, ext4::crc32c(ext4::crc32c(seed_.value(), place), bytes));
        inode.xattr_block = number;
        ++inode.blocks;
    }

    /// i_block and i_blocks of something whose blocks lie one after another.
    void fill_extents(const std::vector<Extent>& extents, std::uint32_t tree_first, std::uint32_t number,
                      Inode& inode) {
        inode.flags |= ext4::flag_extents;
        for (const Extent& extent : extents) inode.blocks += extent.count;
        inode.blocks += ext4::extent_tree_blocks(static_cast<std::uint32_t>(extents.size()));
        inode.block = ext4::write_extents(extents, tree_first, seed_.of_inode(number), blocks_);
    }

    std::uint32_t extent_tree_of(NodeId node) const {
        const auto& list = layout_.content.extent_blocks;
        const auto found = std::lower_bound(list.begin(), list.end(), ext4::NodeBlock{node, 0});
        return found != list.end() && found->first == node ? found->second : 0;
    }

    void fill_file(NodeId node, Inode& inode) {
        inode.size = tree_.size(node);
        const std::uint32_t first = layout_.content.first_block[node];
        std::vector<Extent> extents;
        if (first != 0) extents = ext4::extents_of(ext4::logical_blocks(tree_.runs(node)), first);
        fill_extents(extents, extent_tree_of(node), layout_.content.inode[node], inode);
    }

    void fill_symlink(NodeId node, Inode& inode) {
        const std::string_view target = tree_.symlink_target(node);
        inode.size = target.size();
        const std::uint32_t first = layout_.content.first_block[node];
        if (first == 0) {
            std::ranges::copy(as_bytes(target), inode.block.begin());
            return;
        }
        std::ranges::copy(as_bytes(target), blocks_.block(first).begin());
        fill_extents({{0, first, 1}}, 0, layout_.content.inode[node], inode);
    }

    void fill_directory(NodeId node, Inode& inode) {
        const ext4::ContentLayout::Directory& directory = layout_.content.directories[next_directory_++];
        const bool adds = node == FileTree::root() && layout_.content.lost_and_found != 0;
        const ext4::DirectoryNames names = ext4::directory_names(tree_, node, adds);
        std::vector<ext4::DirectoryEntry> entries;
        entries.reserve(names.names.size());
        for (std::size_t index = 0; index < names.entries.size(); ++index) {
            const NodeId child = tree_.entry_node(names.entries[index]);
            entries.push_back(
                {names.names[index], layout_.content.inode[child], ext4::entry_type_of(tree_.type(child))});
        }
        if (adds) entries.push_back({"lost+found", ext4::first_inode, ext4::entry_type_of(NodeType::directory)});
        const ext4::DirectoryPlan plan = ext4::plan_directory(names.names, parameters_.hash_seed);

        const std::uint32_t number = layout_.content.inode[node];
        const std::uint32_t first = layout_.content.first_block[node];
        const auto places = ext4::around_fixed_places(first, directory.block_count);
        ext4::write_directory(plan, entries, {number, layout_.content.inode[tree_.parent(node)]}, places,
                              seed_.of_inode(number), blocks_);
        if (plan.indexed) inode.flags |= ext4::flag_index;
        set_directory_links(directory.subdirectories, inode);
        inode.size = std::uint64_t{directory.block_count} * block_size;
        fill_extents(ext4::extents_of({{0, directory.block_count}}, first), 0, number, inode);
    }

    /// dir_nlink: 1 stands for "more than can be counted" (EXT4_LINK_MAX).
    static void set_directory_links(std::uint32_t subdirectories, Inode& inode) {
        inode.links = subdirectories + 2 > 65000 ? 1 : subdirectories + 2;
    }

    void write_journal_inode() {
        const std::uint32_t count = ext4::journal_blocks(layout_.groups.geometry.block_count);
        Inode inode;
        inode.mode = 0100600;
        inode.links = 1;
        inode.size = std::uint64_t{count} * block_size;
        inode.time = inode.created = parameters_.time;
        fill_extents(ext4::extents_of({{0, count}}, layout_.groups.journal), 0, ext4::journal_inode, inode);
        journal_ = inode.block;
        put_inode(inode, ext4::journal_inode);
    }

    void write_lost_and_found() {
        const BlockRun place{layout_.content.lost_and_found, ext4::lost_and_found_blocks};
        ext4::write_empty_directory({ext4::first_inode, ext4::root_inode}, {place}, seed_.of_inode(ext4::first_inode),
                                    blocks_);
        Inode inode;
        inode.mode = 0040700;
        inode.links = 2;
        inode.size = std::uint64_t{place.count} * block_size;
        inode.time = inode.created = parameters_.time;
        fill_extents({{0, place.first, place.count}}, 0, ext4::first_inode, inode);
        put_inode(inode, ext4::first_inode);
    }

    const FileTree& tree_;
    const Ext4Parameters& parameters_;
    PartitionOutput& partition_;
    const Supervision& supervision_;
    std::uint64_t& done_;
    ext4::Ext4Layout layout_;
    ext4::ChecksumSeed seed_;
    BlockWriter blocks_;
    BlockWriter tables_;
    ext4::DirectoryCounts directories_;
    ext4::InodeBlock journal_{};
    std::uint32_t table_block_number_ = 0;
    MutableBytes table_block_;
    const XattrSet* xattr_set_ = nullptr;
    ext4::EncodedXattrs xattrs_;
    std::size_t next_xattr_ = 0;
    std::size_t next_directory_ = 0;
};

}  // namespace

std::vector<Range> write_ext4(const FileTree& tree, const Ext4Parameters& parameters, PartitionOutput& partition,
                              const Supervision& supervision, std::uint64_t& done) {
    Ext4Writer writer(tree, parameters, partition, supervision, done);
    writer.run();
    return writer.mapped();
}

}  // namespace rpixen
