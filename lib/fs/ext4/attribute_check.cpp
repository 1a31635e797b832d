#include "fs/ext4/attribute_check.hpp"

#include <ext2fs/ext2_ext_attr.h>
#include "fs/ext4/io.hpp"

#include <algorithm>
#include <cstring>

namespace rpixen::ext4 {
namespace {

/// A part of the area that something takes.
struct Part {
    std::size_t begin;
    std::size_t end;
};

/// Adds a part; false where it overlaps another.
bool claim(std::vector<Part>& parts, std::size_t begin, std::size_t size) {
    const Part part{begin, begin + size};
    if (std::any_of(parts.begin(), parts.end(),
                    [&](const Part& other) { return part.begin < other.end && other.begin < part.end; }))
        return false;
    parts.push_back(part);
    return true;
}

std::uint64_t blocks_of_value(ext2_filsys fs, std::uint64_t size) {
    const std::uint64_t cluster = std::uint64_t{fs->blocksize} << fs->cluster_ratio_bits;
    return EXT2FS_C2B(fs, (size + cluster - 1) / cluster);
}

}  // namespace

/// Attributes that stand together: entries from `first` on, values counted from `base`.
struct AttributeCheck::Area {
    ext2_ino_t number;
    const ext2_inode* inode;
    char* begin;            ///< with the header
    std::size_t size;       ///< bytes
    std::size_t first;      ///< of the first entry
    std::size_t base;       ///< what e_value_offs counts from
    bool hash_may_be_zero;  ///< as older inodes have it
};

void AttributeCheck::damage(ext2_ino_t number, const std::string& what, const std::string& found) {
    state_.report.damage(place_of(number), "attributes", what, found);
}

bool AttributeCheck::take_value_inode(const Area& area, ext2_ext_attr_entry& entry, Charge& charge) {
    const ext2_filsys fs = state_.fs;
    const ext2_ino_t value = entry.e_value_inum;
    if (value < state_.first_inode() || value > fs->super->s_inodes_count) {
        damage(area.number, "a value in an inode", "inode " + std::to_string(value));
        return false;
    }
    ext2_inode inode{};
    __u32 hash = 0;
    __u32 signed_hash = 0;
    if (ext2fs_read_inode(fs, value, &inode) != 0 ||
        ext2fs_ext_attr_hash_entry3(fs, &entry, nullptr, &hash, &signed_hash) != 0) {
        damage(area.number, "a value in a readable inode", "inode " + std::to_string(value));
        return false;
    }
    std::uint64_t blocks = blocks_of_value(fs, entry.e_value_size);
    if (entry.e_hash != hash && entry.e_hash != signed_hash) {
        // The old form of Lustre has no hash; it names the file that the value belongs to.
        if (inode.i_mtime != area.number || inode.i_generation != area.inode->i_generation) {
            damage(area.number, "the hash of the value in inode " + std::to_string(value), "another one");
            return false;
        }
        blocks = 0;
    }
    if (!(inode.i_flags & EXT4_EA_INODE_FL)) {
        damage(area.number, "an inode that holds a value", "inode " + std::to_string(value));
        return false;
    }
    charge.blocks += blocks;
    ++charge.inodes;
    ++state_.value_inodes[value].references;
    return true;
}

std::optional<AttributeCheck::Charge> AttributeCheck::take_entries(const Area& area) {
    Charge charge;
    std::vector<Part> parts{{0, area.first}};
    const auto overlap = [&] {
        damage(area.number, "entries and values side by side", "an overlap, or one beyond the end");
        return std::nullopt;
    };
    std::size_t at = area.first;
    for (;;) {
        if (at + 4 > area.size) return overlap();
        std::uint32_t head = 0;
        std::memcpy(&head, area.begin + at, sizeof head);
        if (head == 0) break;
        if (at + sizeof(ext2_ext_attr_entry) > area.size) return overlap();
        auto& entry = *reinterpret_cast<ext2_ext_attr_entry*>(area.begin + at);
        const std::size_t length = EXT2_EXT_ATTR_LEN(entry.e_name_len);
        if (length > area.size - at || !claim(parts, at, length)) return overlap();
        if (!area.hash_may_be_zero && entry.e_name_index == 0) {
            damage(area.number, "a kind of name", "index 0");
            return std::nullopt;
        }
        if (entry.e_value_inum != 0) {
            if (!take_value_inode(area, entry, charge)) return std::nullopt;
        } else {
            const std::size_t begin = area.base + entry.e_value_offs;
            const std::size_t size = EXT2_EXT_ATTR_SIZE(std::size_t{entry.e_value_size});
            if (begin > area.size || size > area.size - begin || (size != 0 && !claim(parts, begin, size)))
                return overlap();
            char* const value = area.begin + begin;
            if (!(area.hash_may_be_zero && entry.e_hash == 0) &&
                entry.e_hash != ext2fs_ext_attr_hash_entry(&entry, value) &&
                entry.e_hash != ext2fs_ext_attr_hash_entry_signed(&entry, value)) {
                damage(area.number, "the hash of each value", "another one");
                return std::nullopt;
            }
        }
        at += length;
    }
    if (!claim(parts, at, 4)) return overlap();
    return charge;
}

AttributeCheck::Charge AttributeCheck::take_inode(ext2_ino_t number, LargeInode& inode) {
    const std::size_t size = EXT2_INODE_SIZE(state_.fs->super);
    if (size == EXT2_GOOD_OLD_INODE_SIZE) return {};
    const std::size_t extra = inode.large()->i_extra_isize;
    const std::size_t most = size - EXT2_GOOD_OLD_INODE_SIZE;
    // i_extra_isize itself and the checksum's upper half are covered, or nothing is.
    if (extra != 0 && (extra < 4 || extra > most || extra % 4 != 0)) {
        state_.report.damage(place_of(number), "size of its further fields", "a multiple of 4 that fits",
                             std::to_string(extra));
        return {};
    }
    if (extra + 4 >= most) return {};
    char* const begin = inode.bytes.data() + EXT2_GOOD_OLD_INODE_SIZE + extra;
    std::uint32_t magic = 0;
    std::memcpy(&magic, begin, sizeof magic);
    if (magic != EXT2_EXT_ATTR_MAGIC) return {};
    return take_entries({number, inode.small(), begin, most - extra, 4, 4, true}).value_or(Charge{});
}

AttributeCheck::Charge AttributeCheck::take_block(ext2_ino_t number, ext2_inode& inode) {
    const ext2_filsys fs = state_.fs;
    const blk64_t block = ext2fs_file_acl_block(fs, &inode);
    if (block == 0) return {};
    if (!ext2fs_has_feature_xattr(fs->super) || !state_.used.contains(block, 1)) {
        damage(number, "a block of the file system", "block " + std::to_string(block));
        return {};
    }
    if (const auto known = blocks_.find(block); known != blocks_.end()) {
        ++known->second.found;
        Charge charge = known->second.charge;
        return charge;
    }
    Block& taken = blocks_[block];
    taken.found = 1;
    taken.charge.blocks = EXT2FS_C2B(fs, 1);
    if (state_.used.take(block, 1))
        damage(number, "a block of its own", "block " + std::to_string(block) + " is used twice");
    std::vector<char> bytes(fs->blocksize);
    if (const errcode_t failure = ext2fs_read_ext_attr3(fs, block, bytes.data(), number)) {
        damage(number, "a readable block", words_of(failure));
        taken.claimed = 1;
        return taken.charge;
    }
    ext2_ext_attr_header header{};
    std::memcpy(&header, bytes.data(), sizeof header);
    if (header.h_blocks != 1) damage(number, "one block", std::to_string(header.h_blocks) + " blocks");
    taken.claimed = header.h_refcount;
    const auto charge = take_entries({number, &inode, bytes.data(), bytes.size(), sizeof header, 0, false});
    if (charge) {
        taken.charge.blocks += charge->blocks;
        taken.charge.inodes = charge->inodes;
    }
    return taken.charge;
}

void AttributeCheck::finish() {
    for (const auto& [block, found] : blocks_)
        state_.report.compare("block " + std::to_string(block), "files that share these attributes", found.found,
                              found.claimed);
}

bool AttributeCheck::has(ext2_ino_t number, const char* name) const {
    ext2_xattr_handle* raw = nullptr;
    if (ext2fs_xattrs_open(state_.fs, number, &raw) != 0) return false;
    bool found = false;
    if (ext2fs_xattrs_read(raw) == 0) {
        void* value = nullptr;
        std::size_t size = 0;
        found = ext2fs_xattr_get(raw, name, &value, &size) == 0;
        if (found) ext2fs_free_mem(&value);
    }
    ext2fs_xattrs_close(&raw);
    return found;
}

}  // namespace rpixen::ext4
