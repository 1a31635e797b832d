#include "fs/ext4/directory_blocks.hpp"

#include <algorithm>

#include "fs/ext4/checksum.hpp"

namespace rpixen::ext4 {
namespace {

constexpr std::uint8_t type_directory = 2;

/// Hands out the blocks of a directory in order.
class Sequence {
  public:
    Sequence(const std::vector<BlockRun>& places, BlockWriter& blocks) : places_(places), blocks_(blocks) {}

    MutableBytes next() {
        while (used_ == places_[piece_].count) {
            ++piece_;
            used_ = 0;
        }
        return blocks_.block(places_[piece_].first + used_++);
    }

  private:
    const std::vector<BlockRun>& places_;
    BlockWriter& blocks_;
    std::size_t piece_ = 0;
    std::uint32_t used_ = 0;
};

void put_entry(std::byte* out, const DirectoryEntry& entry, std::uint32_t length) {
    store_le(out, entry.inode);
    store_le(out + 4, static_cast<std::uint16_t>(length));
    out[6] = static_cast<std::byte>(entry.name.size());
    out[7] = static_cast<std::byte>(entry.type);
    std::ranges::copy(as_bytes(entry.name), out + 8);
}

/// Fills a block with entries one by one; the last one reaches to the checksum.
class EntryBlock {
  public:
    explicit EntryBlock(MutableBytes bytes) : bytes_(bytes) {}

    void add(const DirectoryEntry& entry) {
        last_ = used_;
        const std::uint32_t length = entry_size(entry.name.size());
        put_entry(bytes_.data() + used_, entry, length);
        used_ += length;
    }

    void finish(std::uint32_t inode_seed) {
        // An empty block holds one unused entry.
        store_le(bytes_.data() + last_ + 4, static_cast<std::uint16_t>(entries_end - last_));
        std::byte* const tail = bytes_.data() + entries_end;
        store_le(tail + 4, std::uint16_t{12});
        tail[7] = std::byte{0xde};
        store_le(tail + 8, crc32c(inode_seed, bytes_.first(entries_end)));
    }

  private:
    MutableBytes bytes_;
    std::uint32_t used_ = 0;
    std::uint32_t last_ = 0;
};

void add_dots(EntryBlock& block, DirectorySelf self) {
    block.add({".", self.inode, type_directory});
    block.add({"..", self.parent, type_directory});
}

struct IndexEntry {
    std::uint32_t hash = 0;
    std::uint32_t block = 0;  ///< in the directory
};

/// The index of a root or node; its first entry has no hash, limit and count stand in that place.
void put_index(MutableBytes bytes, std::size_t begin, std::uint32_t limit, std::span<const IndexEntry> entries,
               std::uint32_t inode_seed) {
    std::byte* at = bytes.data() + begin;
    for (const IndexEntry& entry : entries) {
        store_le(at, entry.hash);
        store_le(at + 4, entry.block);
        at += 8;
    }
    store_le(bytes.data() + begin, static_cast<std::uint16_t>(limit));
    store_le(bytes.data() + begin + 2, static_cast<std::uint16_t>(entries.size()));
    // The checksum covers what is used, and its own eight bytes with the sum as zero.
    const std::uint32_t used = crc32c(inode_seed, bytes.first(begin + entries.size() * 8));
    const MutableBytes tail = bytes.subspan(begin + limit * 8, 8);
    store_le(tail.data() + 4, crc32c(used, tail));
}

void put_root(MutableBytes bytes, DirectorySelf self, std::span<const IndexEntry> entries, bool two_levels,
              std::uint32_t inode_seed) {
    put_entry(bytes.data(), {".", self.inode, type_directory}, 12);
    put_entry(bytes.data() + 12, {"..", self.parent, type_directory}, block_size - 12);
    bytes[28] = std::byte{1};  // half MD4; s_flags says that it is the unsigned one
    bytes[29] = std::byte{8};  // the length of these facts
    bytes[30] = static_cast<std::byte>(two_levels);
    put_index(bytes, root_index_begin, root_index_limit, entries, inode_seed);
}

void put_node(MutableBytes bytes, std::span<const IndexEntry> entries, std::uint32_t inode_seed) {
    store_le(bytes.data() + 4,
             static_cast<std::uint16_t>(block_size));  // one unused entry over the whole block
    put_index(bytes, node_index_begin, node_index_limit, entries, inode_seed);
}

void write_index(const DirectoryPlan& plan, DirectorySelf self, Sequence& sequence, std::uint32_t inode_seed) {
    std::vector<IndexEntry> leaves;
    const std::uint32_t first_leaf = 1 + plan.index_nodes;
    for (const DirectoryPlan::Leaf& leaf : plan.leaves)
        leaves.push_back({leaf.hash, first_leaf + static_cast<std::uint32_t>(leaves.size())});
    if (plan.index_nodes == 0) {
        put_root(sequence.next(), self, leaves, false, inode_seed);
        return;
    }
    std::vector<IndexEntry> nodes;
    for (std::uint32_t node = 0; node < plan.index_nodes; ++node)
        nodes.push_back({leaves[node * node_index_limit].hash, 1 + node});
    put_root(sequence.next(), self, nodes, true, inode_seed);
    for (std::span<const IndexEntry> rest = leaves; !rest.empty();) {
        const auto part = rest.first(std::min<std::size_t>(rest.size(), node_index_limit));
        put_node(sequence.next(), part, inode_seed);
        rest = rest.subspan(part.size());
    }
}

}  // namespace

void write_directory(const DirectoryPlan& plan, std::span<const DirectoryEntry> entries, DirectorySelf self,
                     const std::vector<BlockRun>& places, std::uint32_t inode_seed, BlockWriter& blocks) {
    Sequence sequence(places, blocks);
    if (plan.indexed) write_index(plan, self, sequence, inode_seed);
    for (std::size_t leaf = 0; leaf < plan.leaves.size(); ++leaf) {
        EntryBlock block(sequence.next());
        if (!plan.indexed) add_dots(block, self);
        const std::size_t end = leaf + 1 < plan.leaves.size() ? plan.leaves[leaf + 1].first : plan.order.size();
        for (std::size_t index = plan.leaves[leaf].first; index < end; ++index) block.add(entries[plan.order[index]]);
        block.finish(inode_seed);
    }
}

void write_empty_directory(DirectorySelf self, const std::vector<BlockRun>& places, std::uint32_t inode_seed,
                           BlockWriter& blocks) {
    Sequence sequence(places, blocks);
    std::uint32_t count = 0;
    for (const BlockRun& run : places) count += run.count;
    for (std::uint32_t index = 0; index < count; ++index) {
        EntryBlock block(sequence.next());
        if (index == 0) add_dots(block, self);
        block.finish(inode_seed);
    }
}

}  // namespace rpixen::ext4
