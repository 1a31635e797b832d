#include "fs/ext4/reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>

#include "fs/ext4/image_medium.hpp"
#include "fs/ext4/io.hpp"
#include "fs/ext4/parameters.hpp"
#include "fs/ext4/xattr.hpp"
#include "storage/extent_source.hpp"

namespace rpixen {
namespace {

constexpr std::size_t most_damages = 1000;

/// What is wrong with an image.
std::string words(errcode_t code) {
    switch (code) {
        case EXT2_ET_INODE_CSUM_INVALID:
        case EXT2_ET_DIR_CSUM_INVALID:
        case EXT2_ET_EXTENT_CSUM_INVALID:
        case EXT2_ET_EXT_ATTR_CSUM_INVALID:
        case EXT2_ET_SB_CSUM_INVALID:
            return "a wrong checksum";
        case EXT2_ET_SHORT_READ:
            return "a place outside the partition";
        case EXT2_ET_UNSUPP_FEATURE:
        case EXT2_ET_RO_UNSUPP_FEATURE:
            return "a feature that libext2fs does not know";
        case EXT2_ET_BAD_MAGIC:
            return "no superblock";
        case EXT2_ET_NO_MEMORY:
            throw std::bad_alloc();  // no damage
        default:
            return "libext2fs' error " + std::to_string(code);
    }
}

/// A run of data of a file: `count` blocks from `logical` on lie at `first`.
struct Mapped {
    std::uint64_t logical = 0;
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

struct FoundEntry {
    std::string name;
    ext2_ino_t inode = 0;
};

/// What ext2fs_dir_iterate2 and ext2fs_block_iterate3 collect; exceptions wait until the C code has returned.
template <typename Item>
struct Collected {
    std::uint64_t left = 0;  ///< how often the C code may still call
    std::vector<Item> items{};
    std::exception_ptr failure{};
    bool cut = false;  ///< it called more often

    /// False where there was too much already.
    bool take() {
        cut = left == 0;
        if (!cut) --left;
        return !cut;
    }
};

int collect_entry(ext2_ino_t, int, ext2_dir_entry* entry, int, int, char*, void* data) noexcept {
    auto& collected = *static_cast<Collected<FoundEntry>*>(data);
    if (!collected.take()) return DIRENT_ABORT;
    try {
        const auto length = static_cast<std::size_t>(ext2fs_dirent_name_len(entry));
        std::string name(entry->name, length);
        if (name != "." && name != "..") collected.items.push_back({std::move(name), entry->inode});
        return 0;
    } catch (...) {
        collected.failure = std::current_exception();
        return DIRENT_ABORT;
    }
}

int collect_block(ext2_filsys, blk64_t* block, e2_blkcnt_t logical, blk64_t, int, void* data) noexcept {
    auto& collected = *static_cast<Collected<Mapped>*>(data);
    if (!collected.take()) return BLOCK_ABORT;
    try {
        if (logical < 0 || *block == 0) return 0;
        const auto at = static_cast<std::uint64_t>(logical);
        auto& items = collected.items;
        if (!items.empty() && items.back().logical + items.back().count == at &&
            items.back().first + items.back().count == *block)
            ++items.back().count;
        else
            items.push_back({at, *block, 1});
        return 0;
    } catch (...) {
        collected.failure = std::current_exception();
        return BLOCK_ABORT;
    }
}

class Ext4Reader {
  public:
    Ext4Reader(const ContentSourcePtr& image, Range partition, std::vector<Problem>& damages)
        : image_(image),
          range_(partition),
          damages_(damages),
          limit_(damages.size() + most_damages),
          medium_(*image, partition),
          channel_(medium_),
          scattered_(std::make_shared<ExtentSource>(image)) {}

    FileTree run() {
        open();
        // In a sound file system a block has one owner.
        blocks_left_ = 2 * ext2fs_blocks_count(fs_->super);
        names_left_ = most_names();
        raw_.resize(std::max<std::size_t>(EXT2_INODE_SIZE(fs_->super), sizeof(ext2_inode_large)));
        std::vector<std::pair<NodeId, ext2_ino_t>> directories;
        if (read_inode(EXT2_ROOT_INO, "/") && LINUX_S_ISDIR(inode().i_mode)) {
            tree_.set_metadata(FileTree::root(), metadata());
            tree_.set_xattrs(FileTree::root(), xattrs(EXT2_ROOT_INO, "/"));
            nodes_[EXT2_ROOT_INO] = FileTree::root();
            directories.emplace_back(FileTree::root(), EXT2_ROOT_INO);
        }
        for (std::size_t next = 0; next < directories.size(); ++next) {
            const auto [node, number] = directories[next];
            std::string path = tree_.path_of(node);
            if (path == "/") path.clear();
            for (const FoundEntry& entry : entries_of(number, path)) add(node, entry, path, directories);
        }
        return std::move(tree_);
    }

  private:
    void damage(const std::string& path, std::string message, std::string found = {}) {
        if (damages_.size() >= limit_) return;
        Problem problem{std::move(message), std::move(found), {}, {}, {}};
        problem.location.file = image_->name();
        problem.location.pointer = path.empty() ? "/" : path;
        damages_.push_back(std::move(problem));
    }

    void open() {
        errcode_t result = try_open(0);
        if (result == EXT2_ET_SB_CSUM_INVALID) {
            damage("superblock", "the superblock is damaged", words(result));
            result = try_open(EXT2_FLAG_IGNORE_CSUM_ERRORS);
            if (result == 0) fs_->flags &= ~EXT2_FLAG_IGNORE_CSUM_ERRORS;
        }
        if (result != 0)
            throw Error(ErrorCode::artifact, "there is no readable ext4 in " + image_->name(), words(result),
                        "an ext2, ext3 or ext4");
    }

    errcode_t try_open(int flags) {
        ext2_filsys raw = nullptr;
        const errcode_t result = ext2fs_open2("image", nullptr, EXT2_FLAG_64BITS | flags, 0, 0, channel_.manager(),
                                              &raw);
        fs_.reset(raw);
        channel_.rethrow();
        if (result != 0) fs_.reset();
        return result;
    }

    ext2_inode_large& inode() { return *reinterpret_cast<ext2_inode_large*>(raw_.data()); }
    ext2_inode* small_inode() { return reinterpret_cast<ext2_inode*>(raw_.data()); }

    bool read_inode(ext2_ino_t number, const std::string& path) {
        std::fill(raw_.begin(), raw_.end(), std::byte{0});
        const errcode_t result = ext2fs_read_inode_full(fs_.get(), number, small_inode(),
                                                        static_cast<int>(EXT2_INODE_SIZE(fs_->super)));
        channel_.rethrow();
        if (result == 0) return true;
        damage(path, "inode " + std::to_string(number) + " is damaged", words(result));
        return false;
    }

    /// How much of the fields behind the first 128 bytes the inode has.
    std::size_t extra_size() {
        return EXT2_INODE_SIZE(fs_->super) > EXT2_GOOD_OLD_INODE_SIZE ? inode().i_extra_isize : 0;
    }

    Metadata metadata() {
        Metadata metadata;
        metadata.mode = inode().i_mode & 07777;
        metadata.uid = static_cast<std::uint32_t>(inode().i_uid) |
                       static_cast<std::uint32_t>(inode().osd2.linux2.l_i_uid_high) << 16;
        metadata.gid = static_cast<std::uint32_t>(inode().i_gid) |
                       static_cast<std::uint32_t>(inode().osd2.linux2.l_i_gid_high) << 16;
        metadata.mtime.seconds = static_cast<std::int32_t>(inode().i_mtime);
        constexpr std::size_t end = offsetof(ext2_inode_large, i_mtime_extra) + 4;
        if (EXT2_GOOD_OLD_INODE_SIZE + extra_size() >= end) {
            metadata.mtime.seconds += static_cast<std::int64_t>(inode().i_mtime_extra & 3) << 32;
            metadata.mtime.nanoseconds = std::min<std::uint32_t>(inode().i_mtime_extra >> 2, 999'999'999);
        }
        return metadata;
    }

    std::uint64_t size() { return EXT2_I_SIZE(&inode()); }

    XattrSet xattrs(ext2_ino_t number, const std::string& path) {
        XattrSet set;
        const std::size_t inode_size = EXT2_INODE_SIZE(fs_->super);
        const std::size_t begin = EXT2_GOOD_OLD_INODE_SIZE + extra_size();
        if (extra_size() % 4 == 0 && begin + 8 <= inode_size &&
            load_le<std::uint32_t>(raw_.data() + begin) == ext4::xattr_magic) {
            const ByteView area = ByteView(raw_).first(inode_size).subspan(begin + 4);
            if (!ext4::decode_xattrs(area, area, set, value_reader()))
                damage(path, "extended attributes in the inode are damaged");
        }
        const blk64_t block = ext2fs_file_acl_block(fs_.get(), small_inode());
        if (block != 0) read_xattr_block(block, number, path, set);
        std::sort(set.begin(), set.end());
        return set;
    }

    /// Reads the value of an attribute from an inode of its own.
    ext4::ValueReader value_reader() {
        return [this](std::uint32_t number, std::size_t size, std::string& value) {
            constexpr std::size_t most = 64 * 1024;  // XATTR_SIZE_MAX
            ext2_file_t file = nullptr;
            if (size > most || ext2fs_file_open(fs_.get(), number, 0, &file) != 0) return false;
            value.resize(size);
            unsigned got = 0;
            const bool whole = ext2fs_file_read(file, value.data(), static_cast<unsigned>(size), &got) == 0 &&
                               got == size;
            ext2fs_file_close(file);
            return whole;
        };
    }

    void read_xattr_block(blk64_t block, ext2_ino_t number, const std::string& path, XattrSet& set) {
        Bytes bytes(fs_->blocksize);
        const errcode_t result = ext2fs_read_ext_attr3(fs_.get(), block, bytes.data(), number);
        channel_.rethrow();
        if (result != 0) {
            damage(path, "the block of extended attributes is damaged", words(result));
            return;
        }
        if (!ext4::decode_xattrs(ByteView(bytes).subspan(ext4::xattr_block_header), bytes, set, value_reader()))
            damage(path, "extended attributes are damaged");
    }

    std::uint64_t most_names() const { return most_ext4_names(fs_->super->s_inodes_count); }

    std::vector<FoundEntry> entries_of(ext2_ino_t number, const std::string& path) {
        // libext2fs goes through all that the map names, so the map is held against the file system first.
        if (!read_inode(number, path) || !blocks_of(number, path)) return {};
        Collected<FoundEntry> collected{names_left_};
        const errcode_t result = ext2fs_dir_iterate2(fs_.get(), number, 0, nullptr, collect_entry, &collected);
        names_left_ = collected.left;
        channel_.rethrow();
        if (collected.cut)
            damage(path, "there are more names than a file system with so few inodes can have",
                   "more than " + std::to_string(most_names()));
        if (collected.failure) std::rethrow_exception(collected.failure);
        if (result != 0) damage(path, "a directory is damaged", words(result));
        // An index sorts names by their hash; inodes are read in the order of their tables.
        std::stable_sort(collected.items.begin(), collected.items.end(),
                         [](const FoundEntry& a, const FoundEntry& b) { return a.inode < b.inode; });
        return std::move(collected.items);
    }

    void add(NodeId directory, const FoundEntry& entry, const std::string& parent,
             std::vector<std::pair<NodeId, ext2_ino_t>>& directories) {
        const std::string path = parent + "/" + entry.name;
        if (entry.name.empty() || entry.name.find('/') != std::string::npos) {
            damage(path, "a file name is impossible");
            return;
        }
        try {
            if (const auto known = nodes_.find(entry.inode); known != nodes_.end()) {
                tree_.add_link({directory, entry.name}, known->second);
                return;
            }
            if (!read_inode(entry.inode, path)) return;
            const auto node = add_node({directory, entry.name}, entry.inode, path);
            if (!node) return;
            const bool is_directory = tree_.type(*node) == NodeType::directory;
            if (is_directory) directories.emplace_back(*node, entry.inode);
            if (is_directory || inode().i_links_count > 1) nodes_[entry.inode] = *node;
        } catch (const Error& error) {
            // A name twice, a second name for a directory, a name that no tree here can hold.
            if (error.code() != ErrorCode::artifact) throw;
            damage(path, error.problems().front().message, error.problems().front().found);
        }
    }

    std::optional<NodeId> add_node(const FileTree::Place& place, ext2_ino_t number, const std::string& path) {
        const std::uint16_t mode = inode().i_mode;
        if (LINUX_S_ISDIR(mode)) return tree_.add_directory(place, metadata(), xattrs(number, path));
        if (LINUX_S_ISREG(mode)) return add_file(place, number, path);
        if (LINUX_S_ISLNK(mode)) return add_symlink(place, number, path);
        if (LINUX_S_ISFIFO(mode)) return tree_.add_special(place, metadata(), NodeType::fifo, xattrs(number, path));
        if (LINUX_S_ISSOCK(mode)) return tree_.add_special(place, metadata(), NodeType::socket, xattrs(number, path));
        if (LINUX_S_ISCHR(mode)) return add_device(place, NodeType::character_device, number, path);
        if (LINUX_S_ISBLK(mode)) return add_device(place, NodeType::block_device, number, path);
        damage(path, "a name leads to an inode that is not in use", "inode " + std::to_string(number));
        return std::nullopt;
    }

    NodeId add_device(const FileTree::Place& place, NodeType type, ext2_ino_t number, const std::string& path) {
        const std::uint32_t old_form = inode().i_block[0];
        const std::uint32_t new_form = inode().i_block[1];
        std::uint32_t major = (old_form >> 8) & 0xff;
        std::uint32_t minor = old_form & 0xff;
        if (old_form == 0) {
            major = (new_form >> 8) & 0xfff;
            minor = (new_form & 0xff) | ((new_form >> 12) & 0xfff00);
        }
        return tree_.add_device(place, metadata(), type, major, minor, xattrs(number, path));
    }

    bool inline_data() { return (inode().i_flags & EXT4_INLINE_DATA_FL) != 0; }

    /// The data of a file that lives in its inode.
    std::optional<Bytes> read_inline(ext2_ino_t number, const std::string& path) {
        std::size_t length = 0;
        errcode_t result = ext2fs_inline_data_size(fs_.get(), number, &length);
        Bytes bytes(length);
        if (result == 0 && length != 0)
            result = ext2fs_inline_data_get(fs_.get(), number, nullptr, bytes.data(), &length);
        channel_.rethrow();
        if (result != 0 || length < size()) {
            damage(path, "data inside the inode is damaged", words(result));
            return std::nullopt;
        }
        bytes.resize(static_cast<std::size_t>(size()));
        return bytes;
    }

    std::optional<NodeId> add_symlink(const FileTree::Place& place, ext2_ino_t number, const std::string& path) {
        const std::uint64_t length = size();
        if (length == 0 || length >= 4096) {
            damage(path, "a symlink's length is impossible", std::to_string(length));
            return std::nullopt;
        }
        std::string target;
        if (inline_data()) {
            const auto bytes = read_inline(number, path);
            if (!bytes) return std::nullopt;
            target = as_text(*bytes);
        } else if (ext2fs_is_fast_symlink(small_inode())) {
            target.assign(reinterpret_cast<const char*>(inode().i_block), static_cast<std::size_t>(length));
        } else {
            const std::vector<Mapped> blocks = blocks_of(number, path).value_or(std::vector<Mapped>());
            Bytes bytes(static_cast<std::size_t>(length));
            if (blocks.empty() || blocks.front().logical != 0 || blocks.front().count * fs_->blocksize < length ||
                !medium_.read(blocks.front().first * fs_->blocksize, bytes)) {
                damage(path, "a symlink's target is missing");
                return std::nullopt;
            }
            target = as_text(bytes);
        }
        return tree_.add_symlink(place, metadata(), target, xattrs(number, path));
    }

    std::optional<NodeId> add_file(const FileTree::Place& place, ext2_ino_t number, const std::string& path) {
        const std::uint64_t length = size();
        if (inline_data()) {
            Content content;
            if (auto bytes = read_inline(number, path); bytes && !bytes->empty())
                content = memory_content(std::move(*bytes), path);
            return tree_.add_file(place, metadata(), content, xattrs(number, path));
        }
        std::vector<DataRun> runs;
        std::vector<Range> places;
        const auto blocks = blocks_of(number, path);
        if (!blocks) return std::nullopt;
        for (const Mapped& run : *blocks) append(run, length, runs, places);
        Content content;
        if (places.size() == 1)
            content = {image_, places.front().begin, places.front().size()};
        else if (!places.empty())
            content = scattered_->add(std::move(places));
        if (length == 0 || (runs.size() == 1 && runs.front() == DataRun{0, length}))
            return tree_.add_file(place, metadata(), content, xattrs(number, path));
        return tree_.add_sparse_file(place, metadata(), length, content, std::move(runs), xattrs(number, path));
    }

    /// Adds what of a run of blocks lies inside the file's length.
    void append(const Mapped& run, std::uint64_t length, std::vector<DataRun>& runs, std::vector<Range>& places) {
        const std::uint64_t block = fs_->blocksize;
        const std::uint64_t logical = run.logical * block;
        if (logical >= length) return;
        const std::uint64_t bytes = std::min(run.count * block, length - logical);
        const std::uint64_t begin = range_.begin + run.first * block;
        if (!runs.empty() && runs.back().logical + runs.back().length == logical)
            runs.back().length += bytes;
        else
            runs.push_back({logical, bytes});
        if (!places.empty() && places.back().end == begin)
            places.back().end += bytes;
        else
            places.push_back({begin, begin + bytes});
    }

    /// The blocks of a file that hold data, ascending; an empty list where they are damaged, nothing where they are
    /// more than the file system has.
    std::optional<std::vector<Mapped>> blocks_of(ext2_ino_t number, const std::string& path) {
        std::vector<Mapped> blocks;
        errcode_t result = 0;
        if (inline_data() || !ext2fs_inode_has_valid_blocks2(fs_.get(), small_inode())) return blocks;
        // No file has more than there are, and one that claims more leaves room for the others.
        const std::uint64_t most = std::min<std::uint64_t>(blocks_left_, ext2fs_blocks_count(fs_->super));
        std::uint64_t named = 0;
        bool cut = false;
        if ((inode().i_flags & EXT4_EXTENTS_FL) != 0) {
            if (!root_extents(blocks)) result = all_extents(number, blocks);
            for (const Mapped& run : blocks) {
                cut = cut || run.count > most - named;
                named += std::min(run.count, most - named);
            }
        } else {
            // Blocks of the map count too: one of them may name itself.
            Collected<Mapped> collected{most};
            result = ext2fs_block_iterate3(fs_.get(), number, BLOCK_FLAG_READ_ONLY, nullptr, collect_block, &collected);
            cut = collected.cut;
            named = most - collected.left;
            if (collected.failure) std::rethrow_exception(collected.failure);
            blocks = std::move(collected.items);
        }
        blocks_left_ -= named;
        channel_.rethrow();
        if (cut) {
            damage(path, "the files name more blocks than the file system has",
                   "more than " + std::to_string(ext2fs_blocks_count(fs_->super)));
            return std::nullopt;
        }
        if (result != 0) damage(path, "the map of a file's blocks is damaged", words(result));
        const blk64_t end = ext2fs_blocks_count(fs_->super);
        const std::uint64_t readable = range_.size() / fs_->blocksize;
        std::uint64_t last = 0;
        for (const Mapped& run : blocks) {
            if (run.first >= end || run.count > end - run.first || run.logical < last ||
                run.logical > std::uint64_t{1} << 32) {
                damage(path, "the map of a file's blocks is damaged", "block " + std::to_string(run.first));
                return std::vector<Mapped>();
            }
            if (run.first + run.count > readable) {
                // Of an image that was cut off there are as many as files: one is enough.
                if (!std::exchange(beyond_end_, true))
                    damage(path, "the data of files lie beyond the end of the partition",
                           "block " + std::to_string(run.first));
                return std::vector<Mapped>();
            }
            last = run.logical + run.count;
        }
        return blocks;
    }

    /// Most files have all their extents in the inode; false where there is a tree.
    bool root_extents(std::vector<Mapped>& blocks) {
        const auto* at = reinterpret_cast<const std::byte*>(inode().i_block);
        const auto magic = load_le<std::uint16_t>(at);
        const auto entries = load_le<std::uint16_t>(at + 2);
        if (magic != 0xf30a || entries > 4 || load_le<std::uint16_t>(at + 6) != 0) return false;
        for (std::uint16_t entry = 0; entry < entries; ++entry) {
            at += 12;
            const auto count = load_le<std::uint16_t>(at + 4);
            if (count > 32768) continue;  // not yet written: reads as zeros
            const std::uint64_t first = load_le<std::uint32_t>(at + 8) | std::uint64_t{load_le<std::uint16_t>(at + 6)}
                                                                             << 32;
            if (count != 0) blocks.push_back({load_le<std::uint32_t>(at), first, count});
        }
        return true;
    }

    errcode_t all_extents(ext2_ino_t number, std::vector<Mapped>& blocks) {
        ext2_extent_handle_t raw = nullptr;
        errcode_t result = ext2fs_extent_open2(fs_.get(), number, small_inode(), &raw);
        if (result != 0) return result;
        const Handle<ext2_extent_handle, ext2fs_extent_free> handle(raw);
        ext2fs_extent extent{};
        std::uint64_t end = 0;
        // A damaged tree may hold one block many times; its leaves then do not ascend, or it has none.
        std::uint64_t barren = 0;
        for (int step = EXT2_EXTENT_ROOT;; step = EXT2_EXTENT_NEXT) {
            result = ext2fs_extent_get(raw, step, &extent);
            if (result == EXT2_ET_EXTENT_NO_NEXT) return 0;
            if (result != 0) return result;
            if ((extent.e_flags & EXT2_EXTENT_FLAGS_LEAF) == 0) {
                if (++barren > 100'000) return EXT2_ET_EXTENT_HEADER_BAD;
                continue;
            }
            barren = 0;
            if (extent.e_lblk < end || extent.e_len == 0) return EXT2_ET_EXTENT_HEADER_BAD;
            end = extent.e_lblk + extent.e_len;
            if ((extent.e_flags & EXT2_EXTENT_FLAGS_UNINIT) == 0)
                blocks.push_back({extent.e_lblk, extent.e_pblk, extent.e_len});
        }
    }

    ContentSourcePtr image_;
    Range range_;
    std::vector<Problem>& damages_;
    std::size_t limit_;
    ext4::ImageMedium medium_;
    ext4::Channel channel_;
    ext4::FileSystem fs_;
    Bytes raw_;                      ///< the inode that was read last
    std::uint64_t blocks_left_ = 0;  ///< that maps may still name
    std::uint64_t names_left_ = 0;
    bool beyond_end_ = false;  ///< of the partition lie data, which was told
    FileTree tree_;
    std::unordered_map<ext2_ino_t, NodeId> nodes_;  ///< of directories and of what has several names
    std::shared_ptr<ExtentSource> scattered_;
};

}  // namespace

FileTree read_ext4(const ContentSourcePtr& image, Range partition, std::vector<Problem>& damages) {
    return Ext4Reader(image, partition, damages).run();
}

}  // namespace rpixen
