#include "fs/ext4/quota_check.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/bytes.hpp"

namespace rpixen::ext4 {
namespace {

// The quota format "vfsv1" (Linux fs/quota/quota_tree.h, quotaio_v2.h): blocks of 1024 bytes, a tree of four
// levels of 256 numbers of blocks, whose leaves hold entries of 72 bytes behind a head of 16.
constexpr std::size_t block_size = 1024;
constexpr std::uint32_t tree_root = 1;
constexpr unsigned tree_depth = 4;
constexpr std::size_t entry_size = 72;
constexpr std::size_t head_size = 16;
constexpr std::array<std::uint32_t, 3> magics{0xd9c01f11, 0xd9c01927, 0xd9c03f14};
constexpr std::array<const char*, 3> kinds{"users", "groups", "projects"};
constexpr std::size_t most_bytes = std::size_t{256} << 20;

const std::byte* at(const std::vector<char>& bytes, std::size_t offset) {
    return reinterpret_cast<const std::byte*>(bytes.data()) + offset;
}

}  // namespace

QuotaCheck::QuotaCheck(HealthState& state) : state_(state), on_(ext2fs_has_feature_quota(state.fs->super) != 0) {}

void QuotaCheck::charge(const ext2_inode_large& inode, std::uint64_t bytes, std::uint64_t inodes) {
    if (!on_) return;
    const std::uint32_t project = EXT2_INODE_SIZE(state_.fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&
                                          std::size_t{EXT2_GOOD_OLD_INODE_SIZE} + inode.i_extra_isize >=
                                              offsetof(ext2_inode_large, i_projid) + 4
                                      ? inode.i_projid
                                      : 0;
    const std::array<std::uint32_t, 3> owners{
        inode.i_uid | static_cast<std::uint32_t>(inode.osd2.linux2.l_i_uid_high) << 16,
        inode.i_gid | static_cast<std::uint32_t>(inode.osd2.linux2.l_i_gid_high) << 16, project};
    for (std::size_t kind = 0; kind < owners.size(); ++kind) {
        Usage& usage = usages_[kind][owners[kind]];
        usage.bytes += bytes;
        usage.inodes += inodes;
    }
}

void QuotaCheck::finish() {
    if (!on_) return;
    compare(0, state_.super().s_usr_quota_inum);
    compare(1, state_.super().s_grp_quota_inum);
    compare(2, state_.super().s_prj_quota_inum);
}

bool QuotaCheck::read(ext2_ino_t file, std::vector<char>& bytes) {
    ext2_file_t opened = nullptr;
    if (ext2fs_file_open(state_.fs, file, 0, &opened) != 0) return false;
    __u64 size = 0;
    bool right = ext2fs_file_get_lsize(opened, &size) == 0 && size <= most_bytes;
    if (right) {
        bytes.resize(static_cast<std::size_t>(size));
        unsigned got = 0;
        right = ext2fs_file_read(opened, bytes.data(), static_cast<unsigned>(size), &got) == 0 && got == size;
    }
    ext2fs_file_close(opened);
    return right;
}

void QuotaCheck::compare(std::size_t kind, ext2_ino_t file) {
    if (file == 0) return;
    const std::string place = std::string("quota of ") + kinds[kind];
    Usages& usages = usages_[kind];
    std::vector<char> bytes;
    if (file > state_.super().s_inodes_count || !read(file, bytes) || bytes.size() < 2 * block_size ||
        load_le<std::uint32_t>(at(bytes, 0)) != magics[kind] || load_le<std::uint32_t>(at(bytes, 4)) != 1) {
        state_.report.damage(place, "file", "a quota file", "none that can be read");
        return;
    }
    unsigned visited = 0;
    if (!take_tree(bytes, tree_root, 0, visited, usages, place)) {
        state_.report.damage(place, "tree", "blocks of the file, each once", "others");
        return;
    }
    for (const auto& [id, usage] : usages)
        if (!usage.listed) state_.report.damage(place, "usage", "an entry of " + std::to_string(id), "none");
}

bool QuotaCheck::take_tree(const std::vector<char>& bytes, std::uint32_t block, unsigned depth, unsigned& visited,
                           Usages& usages, const std::string& place) {
    const std::size_t count = bytes.size() / block_size;
    if (block == 0 || block >= count || ++visited > count) return false;
    // Several numbers lead to one leaf: each of its entries counts once.
    std::set<std::uint32_t> leaves;
    for (std::size_t slot = 0; slot < block_size / 4; ++slot) {
        const auto below = load_le<std::uint32_t>(at(bytes, block * block_size + slot * 4));
        if (below == 0) continue;
        if (depth + 1 < tree_depth) {
            if (!take_tree(bytes, below, depth + 1, visited, usages, place)) return false;
        } else if (below >= count) {
            return false;
        } else if (leaves.insert(below).second) {
            take_entries(bytes, below, usages, place);
        }
    }
    return true;
}

void QuotaCheck::take_entries(const std::vector<char>& bytes, std::uint32_t block, Usages& usages,
                              const std::string& place) {
    for (std::size_t entry = 0; entry < (block_size - head_size) / entry_size; ++entry) {
        const std::byte* const bytes_of = at(bytes, block * block_size + head_size + entry * entry_size);
        if (std::all_of(bytes_of, bytes_of + entry_size, [](std::byte b) { return b == std::byte{0}; })) continue;
        const auto id = load_le<std::uint32_t>(bytes_of);
        Usage& usage = usages[id];
        if (usage.listed) continue;
        usage.listed = true;
        const std::string what = "usage of " + std::to_string(id) + ", ";
        state_.report.compare(place, what + "bytes", usage.bytes, load_le<std::uint64_t>(bytes_of + 48));
        state_.report.compare(place, what + "inodes", usage.inodes, load_le<std::uint64_t>(bytes_of + 24));
    }
}

}  // namespace rpixen::ext4
