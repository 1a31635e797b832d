#include "fs/ext4/index_check.hpp"

#include <algorithm>
#include <cstring>

#include "base/bytes.hpp"

namespace rpixen::ext4 {
namespace {

constexpr std::size_t root_info = 24;  ///< behind "." and ".."
constexpr unsigned most_levels = 3;

const std::byte* at(const std::vector<char>& bytes, std::size_t offset) {
    return reinterpret_cast<const std::byte*>(bytes.data()) + offset;
}

}  // namespace

IndexCheck::IndexCheck(HealthState& state, const DirectoryFacts& directory)
    : state_(state), directory_(directory), blocks_(directory.blocks.size()) {}

void IndexCheck::damage(const std::string& expected, const std::string& found) {
    state_.report.damage(place_of(directory_.number), "index of the directory", expected, found);
}

bool IndexCheck::take_block(std::size_t number, const std::vector<char>& bytes) {
    const std::size_t checksum = ext2fs_has_feature_metadata_csum(state_.fs->super) ? sizeof(ext2_dx_tail) : 0;
    Block& block = blocks_[number];
    block.kind = Kind::leaf;
    if (number == 0) {
        block.kind = Kind::root;
        block.first = block.last = block.referenced = true;
        take_root(bytes);
    } else {
        unsigned length = 0;
        auto* entry = reinterpret_cast<ext2_dir_entry*>(const_cast<char*>(bytes.data()));
        static_cast<void>(ext2fs_get_rec_len(state_.fs, entry, &length));
        if (entry->inode == 0 && length == bytes.size() && ext2fs_dirent_name_len(entry) == 0 &&
            load_le<std::uint16_t>(at(bytes, 8)) == (bytes.size() - (8 + checksum)) / sizeof(ext2_dx_entry)) {
            block.kind = Kind::node;
            take_node(number, bytes, 8);
        }
    }
    return block.kind == Kind::leaf;
}

void IndexCheck::take_root(const std::vector<char>& bytes) {
    ext2_dx_root_info root{};
    std::memcpy(&root, bytes.data() + root_info, sizeof root);
    const InodeFacts facts = state_.facts_of(directory_.number);
    const bool stored = facts.encrypted && facts.casefolded;
    const unsigned levels = ext2fs_has_feature_largedir(state_.fs->super) ? most_levels : most_levels - 1;
    if (root.reserved_zero != 0 || root.info_length < 8) damage("a root", "none");
    if (root.hash_version > EXT2_HASH_TEA && root.hash_version != EXT2_HASH_SIPHASH)
        damage("a known kind of hash", std::to_string(root.hash_version));
    if (stored != (root.hash_version == EXT2_HASH_SIPHASH))
        damage("the kind of hash that encrypted, casefolded names need", std::to_string(root.hash_version));
    if (root.unused_flags & EXT2_HASH_FLAG_INCOMPAT) damage("no unknown flags", "some");
    if (root.indirect_levels >= levels)
        damage("less than " + std::to_string(levels) + " levels below the root", std::to_string(root.indirect_levels));
    hash_ = root.hash_version;
    if (hash_ <= EXT2_HASH_TEA && (state_.super().s_flags & EXT2_FLAGS_UNSIGNED_HASH)) hash_ += 3;
    depth_ = root.indirect_levels + 1U;
    take_node(0, bytes, root_info + root.info_length);
}

void IndexCheck::take_node(std::size_t number, const std::vector<char>& bytes, std::size_t offset) {
    const std::size_t checksum = ext2fs_has_feature_metadata_csum(state_.fs->super) ? sizeof(ext2_dx_tail) : 0;
    if (offset + checksum + sizeof(ext2_dx_entry) > bytes.size()) return;
    const std::size_t limit = (bytes.size() - checksum - offset) / sizeof(ext2_dx_entry);
    const auto said = load_le<std::uint16_t>(at(bytes, offset));
    std::size_t count = load_le<std::uint16_t>(at(bytes, offset + 2));
    if (said != limit || count > limit)
        damage("at most " + std::to_string(limit) + " entries in a node",
               std::to_string(count) + " of " + std::to_string(said));
    count = std::min(count, limit);
    // In the place of the first hash stand the limit and the count: it is 0.
    const auto hash_at = [&](std::size_t entry) {
        return entry == 0 ? 0 : load_le<std::uint32_t>(at(bytes, offset + entry * 8)) & ~std::uint32_t{1};
    };
    const auto block_at = [&](std::size_t entry) {
        return load_le<std::uint32_t>(at(bytes, offset + entry * 8 + 4)) & EXT4_DX_BLOCK_MASK;
    };
    Block& node = blocks_[number];
    for (std::size_t entry = 0; entry < count; ++entry) {
        const std::uint32_t hash = hash_at(entry);
        const std::uint32_t below = block_at(entry);
        if (below >= blocks_.size()) {
            damage("blocks of the directory", "block " + std::to_string(below));
            continue;
        }
        if (entry != 0 && hash < hash_at(entry - 1)) damage("ascending hashes", "others");
        Block& block = blocks_[below];
        if (block.referenced)
            block.twice = true;
        else
            block.parent = number;
        block.referenced = true;
        block.previous = entry == 0 ? 0 : block_at(entry - 1);
        node.least = std::min(node.least, hash);
        node.most = std::max(node.most, hash);
        block.least_allowed = hash;
        block.first = entry == 0;
        block.last = entry + 1 == count;
        block.most_allowed = block.last ? 0xfffffffe : hash_at(entry + 1);
    }
}

void IndexCheck::take_name(std::size_t number, std::string_view name, std::uint32_t stored) {
    const bool dots = name == "." || name == "..";
    const InodeFacts facts = state_.facts_of(directory_.number);
    ext2_dirhash_t hash = 0;
    if (hash_ == EXT2_HASH_SIPHASH) {
        if (dots) return;
        hash = stored;
    } else if (ext2fs_dirhash2(hash_, name.data(), static_cast<int>(name.size()), state_.fs->encoding,
                               facts.casefolded ? EXT4_CASEFOLD_FL : 0, state_.super().s_hash_seed, &hash,
                               nullptr) != 0) {
        return;
    }
    Block& block = blocks_[number];
    block.least = std::min(block.least, hash);
    block.most = std::max(block.most, hash);
}

/// A node begins and ends with the hashes of its outermost blocks.
void IndexCheck::carry_up(Kind kind) {
    for (const Block& block : blocks_) {
        if (block.kind != kind) continue;
        Block& parent = blocks_[block.parent];
        if (block.first) {
            parent.least = block.least;
            if (parent.previous != 0 && parent.previous < blocks_.size())
                blocks_[parent.previous].most_allowed = parent.least;
        }
        if (block.last) parent.most = block.most;
    }
}

unsigned IndexCheck::depth_of(const Block& block) const {
    unsigned depth = 0;
    for (const Block* at = &block; at->kind != Kind::root && depth <= most_levels; ++depth) at = &blocks_[at->parent];
    return depth;
}

void IndexCheck::finish() {
    carry_up(Kind::leaf);
    carry_up(Kind::node);
    for (std::size_t number = 0; number < blocks_.size(); ++number) {
        const Block& block = blocks_[number];
        const std::string name = "block " + std::to_string(number);
        if (!block.first && block.least < block.least_allowed)
            damage("hashes from its node on in " + name, "a smaller one");
        if (number != 0 && block.most > block.most_allowed)
            damage("hashes up to its neighbour's in " + name, "a larger one");
        if (block.kind == Kind::leaf && depth_of(block) != depth_) damage("entries at one level", name + " at another");
        if (!block.referenced || block.twice)
            damage("every block once", name + (block.twice ? " twice" : " not at all"));
    }
}

}  // namespace rpixen::ext4
