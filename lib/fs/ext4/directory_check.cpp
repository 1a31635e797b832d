#include "fs/ext4/directory_check.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_set>
#include "fs/ext4/io.hpp"

namespace rpixen::ext4 {
namespace {

constexpr std::size_t head = EXT2_DIR_ENTRY_HEADER_LEN;
/// The part of an inode that holds the first entries, and the parent's number before them.
constexpr std::size_t inline_part = EXT4_MIN_INLINE_DATA_SIZE;
constexpr std::size_t inline_parent = EXT4_INLINE_DATA_DOTDOT_SIZE;

}  // namespace

struct DirectoryCheck::Entry {
    ext2_ino_t inode = 0;
    std::uint32_t length = 0;  ///< with what is free behind it
    std::uint8_t type = 0;
    std::string_view name;
    std::uint32_t hash = 0;  ///< behind the name, in a directory that is encrypted and casefolded
};

void DirectoryCheck::damage(ext2_ino_t directory, const std::string& expected, const std::string& found) {
    state_.report.damage(place_of(directory), "directory", expected, found);
}

void DirectoryCheck::run() {
    if (ext2fs_has_feature_casefold(fs_->super) && (fs_->super->s_encoding_flags & EXT4_ENC_STRICT_MODE_FL))
        state_.report.unproven("strict casefold: that names are valid UTF-8 was not looked at");
    // Block after block, as they lie on the medium.
    std::sort(state_.directories.begin(), state_.directories.end(),
              [](const DirectoryFacts& a, const DirectoryFacts& b) {
                  return (a.blocks.empty() ? 0 : a.blocks[0]) < (b.blocks.empty() ? 0 : b.blocks[0]);
              });
    for (const DirectoryFacts& directory : state_.directories) {
        state_.supervision.check();
        if (state_.report.full()) return;
        take(directory);
    }
    check_connections();
}

void DirectoryCheck::take(const DirectoryFacts& directory) {
    if (directory.flags & EXT4_INLINE_DATA_FL) {
        take_inline(directory);
        return;
    }
    std::unique_ptr<IndexCheck> index;
    if ((directory.flags & EXT2_INDEX_FL) && ext2fs_has_feature_dir_index(fs_->super) && !directory.blocks.empty())
        index = std::make_unique<IndexCheck>(state_, directory);
    std::vector<char> bytes(fs_->blocksize);
    for (std::size_t number = 0; number < directory.blocks.size(); ++number)
        take_block(directory, number, bytes, index.get());
    if (index) index->finish();
}

void DirectoryCheck::take_inline(const DirectoryFacts& directory) {
    std::size_t size = 0;
    if (ext2fs_inline_data_size(fs_, directory.number, &size) != 0 || size > fs_->blocksize) return;
    std::vector<char> bytes(std::max(size, inline_part));
    if (ext2fs_inline_data_get(fs_, directory.number, nullptr, bytes.data(), &size) != 0) {
        damage(directory.number, "readable data in the inode", "none");
        return;
    }
    if (size % 4 != 0 || (size > inline_part && size < inline_part + ext2fs_dir_rec_len(1, 0)))
        damage(directory.number, "whole entries in the inode", std::to_string(size) + " bytes");
    ext2_ino_t parent = 0;
    std::memcpy(&parent, bytes.data(), sizeof parent);
    // "." and ".." are not written out.
    ++state_.facts_of(directory.number).names;
    above_.emplace_back(directory.number, parent);
    if (parent > 0 && parent <= fs_->super->s_inodes_count) ++state_.facts_of(parent).names;
    const std::string_view all(bytes.data(), std::max(size, inline_part));
    take_entries({directory, all.substr(inline_parent, inline_part - inline_parent), false, nullptr, 0});
    if (size > inline_part) take_entries({directory, all.substr(inline_part), false, nullptr, 1});
}

void DirectoryCheck::take_block(const DirectoryFacts& directory, std::size_t number, std::vector<char>& bytes,
                                IndexCheck* index) {
    if (directory.blocks[number] == 0) {
        if (!ext2fs_has_feature_largedir(fs_->super) || ext2fs_has_feature_inline_data(fs_->super))
            damage(directory.number, "no holes", "one at block " + std::to_string(number));
        return;
    }
    if (!state_.used.contains(directory.blocks[number], 1)) return;
    const errcode_t failure = ext2fs_read_dir_block4(fs_, directory.blocks[number], bytes.data(), 0, directory.number);
    if (failure) damage(directory.number, "a readable block", words_of(failure));
    const bool leaf = !index || index->take_block(number, bytes);
    std::size_t size = bytes.size();
    if (leaf && ext2fs_has_feature_metadata_csum(fs_->super)) size -= sizeof(ext2_dir_entry_tail);
    take_entries({directory, {bytes.data(), size}, number == 0, index, number});
}

void DirectoryCheck::take_entries(const Area& area) {
    const InodeFacts facts = state_.facts_of(area.directory.number);
    const bool hashed = facts.encrypted && facts.casefolded;
    std::unordered_set<std::string_view> names;
    std::size_t count = 0;
    for (std::size_t at = 0; at < area.bytes.size(); ++count) {
        const bool dot = area.first && count < 2;
        const std::size_t left = area.bytes.size() - at;
        unsigned length = 0;
        auto* raw = reinterpret_cast<ext2_dir_entry*>(const_cast<char*>(area.bytes.data() + at));
        if (left >= head) static_cast<void>(ext2fs_get_rec_len(fs_, raw, &length));
        const auto name_length = left >= head ? static_cast<std::size_t>(ext2fs_dirent_name_len(raw)) : 0;
        const int extended = hashed && !dot ? 1 : 0;
        if (length > left || length < ext2fs_dir_rec_len(1, extended) || length % 4 != 0 ||
            ext2fs_dir_rec_len(static_cast<__u8>(name_length), extended) > length) {
            damage(area.directory.number, "entries that fill block " + std::to_string(area.number),
                   "one of " + std::to_string(length) + " bytes");
            return;
        }
        Entry entry{raw->inode, length, static_cast<std::uint8_t>(ext2fs_dirent_file_type(raw)),
                    std::string_view(raw->name, name_length), 0};
        if (extended) std::memcpy(&entry.hash, raw->name + ((name_length + 3) & ~std::size_t{3}), 4);
        at += length;
        if (dot) take_dot(area, entry, count == 1);
        if (entry.inode == 0) continue;
        take_entry(area, entry);
        if (!names.insert(entry.name).second) damage(area.directory.number, "each name once", "one twice");
        if (area.index) area.index->take_name(area.number, entry.name, entry.hash);
    }
}

void DirectoryCheck::take_dot(const Area& area, const Entry& entry, bool second) {
    const char* const name = second ? ".." : ".";
    if (entry.inode == 0 || entry.name != name || entry.name.data()[entry.name.size()] != '\0')
        damage(area.directory.number, std::string("\"") + name + "\" in its place", "another entry");
    if (second)
        above_.emplace_back(area.directory.number, entry.inode);
    else if (entry.inode != area.directory.number)
        damage(area.directory.number, "\".\" that leads to itself", place_of(entry.inode));
    // Room behind "." is that of ".." (PR_2_SPLIT_DOT).
    if (!second && entry.length > 24)
        damage(area.directory.number, "\"..\" behind \".\"", std::to_string(entry.length) + " bytes");
}

void DirectoryCheck::take_entry(const Area& area, const Entry& entry) {
    const ext2_super_block& super = *fs_->super;
    const auto refuse = [&](const std::string& what) {
        state_.report.damage(place_of(entry.inode), "links", "a name that may lead to it",
                             what + " in " + place_of(area.directory.number));
    };
    const bool dots = entry.name == "." || entry.name == "..";
    if (entry.inode > super.s_inodes_count || (entry.inode != EXT2_ROOT_INO && entry.inode < state_.first_inode()) ||
        entry.inode == super.s_usr_quota_inum || entry.inode == super.s_grp_quota_inum ||
        entry.inode == super.s_prj_quota_inum || entry.inode == super.s_orphan_file_inum) {
        refuse("one");
        return;
    }
    const bool beginning = area.first && dots;
    if (!beginning &&
        (dots || entry.name.empty() || entry.inode == EXT2_ROOT_INO || entry.inode == area.directory.number))
        refuse(dots ? "a second \".\" or \"..\"" : "one to its own directory, the root, or without a name");
    if (const auto value = state_.value_inodes.find(entry.inode);
        value != state_.value_inodes.end() && value->second.references != 0)
        refuse("one to the value of an attribute");
    check_target(area, entry);
    check_name(area, entry);
    InodeFacts& target = state_.facts_of(entry.inode);
    ++target.names;
    if (!dots && target.type == EXT2_FT_DIR && target.used) {
        if (target.parent != 0)
            refuse("a second one of a directory");
        else
            target.parent = area.directory.number;
    }
}

/// Whether the inode's group says that its part of the table is in use.
bool DirectoryCheck::check_group(ext2_ino_t number) const {
    if (!ext2fs_has_group_desc_csum(fs_)) return true;
    const dgrp_t group = ext2fs_group_of_ino(fs_, number);
    if (ext2fs_bg_flags_test(fs_, group, EXT2_BG_INODE_UNINIT)) return false;
    const std::uint32_t per_group = fs_->super->s_inodes_per_group;
    return (number - 1) % per_group < per_group - ext2fs_bg_itable_unused(fs_, group);
}

void DirectoryCheck::check_target(const Area& area, const Entry& entry) {
    const InodeFacts facts = state_.facts_of(entry.inode);
    if (!check_group(entry.inode))
        state_.report.damage(place_of(entry.inode), "links", "a name of an inode in use", "its group has none there");
    if (!facts.used) {
        state_.report.damage(place_of(entry.inode), "links", "0", "1 names of a free inode");
        return;
    }
    const std::uint8_t expected = ext2fs_has_feature_filetype(fs_->super) ? facts.type : 0;
    if (entry.type != expected)
        state_.report.damage(place_of(area.directory.number), "type of an entry", std::to_string(expected),
                             std::to_string(entry.type));
}

void DirectoryCheck::check_name(const Area& area, const Entry& entry) {
    const InodeFacts directory = state_.facts_of(area.directory.number);
    const bool dots = entry.name == "." || entry.name == "..";
    if (!directory.encrypted) {
        if (entry.name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos)
            damage(area.directory.number, "names without \"/\" and NUL", "one with it");
        return;
    }
    if (dots) return;
    if (entry.name.size() < 16)
        damage(area.directory.number, "encrypted names of 16 bytes or more",
               std::to_string(entry.name.size()) + " bytes");
    const InodeFacts target = state_.facts_of(entry.inode);
    const bool can_be = target.type == EXT2_FT_REG_FILE || target.type == EXT2_FT_DIR || target.type == EXT2_FT_SYMLINK;
    if (can_be && !target.encrypted) damage(area.directory.number, "encrypted files", "one that is not");
}

/// Every directory hangs below the root, and its ".." leads to the one whose entry leads to it.
void DirectoryCheck::check_connections() {
    if (state_.inodes.size() <= EXT2_ROOT_INO) return;
    state_.facts_of(EXT2_ROOT_INO).parent = EXT2_ROOT_INO;
    for (const auto& [directory, parent] : above_) {
        const std::uint32_t expected = state_.facts_of(directory).parent;
        if (expected != 0 && expected != parent)
            damage(directory, "\"..\" that leads to " + place_of(expected), place_of(parent));
    }
    enum class Mark : std::uint8_t { unknown, above, connected, lost };
    std::vector<Mark> marks(state_.inodes.size(), Mark::unknown);
    marks[EXT2_ROOT_INO] = Mark::connected;
    std::vector<ext2_ino_t> way;
    for (const DirectoryFacts& directory : state_.directories) {
        ext2_ino_t at = directory.number;
        for (way.clear(); at != 0 && marks[at] == Mark::unknown; at = state_.inodes[at].parent) {
            marks[at] = Mark::above;
            way.push_back(at);
        }
        const Mark end = at != 0 && marks[at] == Mark::connected ? Mark::connected : Mark::lost;
        if (end == Mark::lost && !way.empty()) damage(directory.number, "a way from the root", "none");
        for (const ext2_ino_t number : way) marks[number] = end;
    }
}

}  // namespace rpixen::ext4
