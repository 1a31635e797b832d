#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_record.hpp"
#include "base/bytes.hpp"
#include "storage/content.hpp"

namespace rpixen {

enum class NodeType : std::uint8_t { directory, file, symlink, character_device, block_device, fifo, socket };

/// "directory", "file", ...
const char* name_of(NodeType type) noexcept;

struct Timestamp {
    std::int64_t seconds = 0;       ///< since 1970-01-01T00:00:00Z
    std::uint32_t nanoseconds = 0;  ///< 0 ... 999,999,999
    friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

/// What a node has besides its content.
struct Metadata {
    std::uint16_t mode = 0;  ///< permission bits and setuid, setgid, sticky: 07777
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    Timestamp mtime;
    friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// Extended attributes, sorted by name. Values are in Linux' own form, also of system.posix_acl_access and
/// system.posix_acl_default (linux/posix_acl_xattr.h, version 2) and security.capability.
using XattrSet = std::vector<std::pair<std::string, std::string>>;

/// A run of data in a sparse file: `length` bytes at `logical` in the file. The runs of a file follow each
/// other in its content without gaps: the first starts at the content's position, the next where that ends.
struct DataRun {
    std::uint64_t logical = 0;
    std::uint64_t length = 0;
    friend bool operator==(const DataRun&, const DataRun&) = default;
};

using NodeId = std::uint32_t;                       ///< an inode
using EntryId = std::uint32_t;                      ///< a name in a directory
inline constexpr std::uint32_t no_id = 0xffffffff;  ///< no such node, entry or other number

/// The files of one partition as a value: nodes (inodes) with one or more names. Compact: about 100 bytes and
/// its name for each file, so that half a million files fit a small machine. Names are bytes: 1 to 255, no
/// NUL, no '/', not "." and "..". Iteration is in the bytewise order of names, whatever the order of
/// insertion.
class FileTree {
  public:
    /// Holds only the root directory: mode 0755, owner 0:0, time 0.
    FileTree();
    // Moved, never copied; noexcept so that a vector of partitions moves them too (a deque alone would not
    // promise it).
    FileTree(FileTree&&) noexcept = default;
    FileTree& operator=(FileTree&&) noexcept = default;
    FileTree(const FileTree&) = delete;
    FileTree& operator=(const FileTree&) = delete;

    static constexpr NodeId root() { return 0; }

    // --- Reading
    // -----------------------------------------------------------------------------------------------

    /// Nodes ever made; ids are 0 ... node_count() - 1. A node that lost its last name has links() == 0.
    NodeId node_count() const { return static_cast<NodeId>(nodes_.size()); }
    NodeType type(NodeId node) const { return nodes_[node].type; }
    Metadata metadata(NodeId node) const;
    const XattrSet& xattrs(NodeId node) const { return xattr_sets_[nodes_[node].xattrs]; }
    /// Names of the node; for a directory 1 while it is in the tree (its "." and ".." are not counted).
    std::uint32_t links(NodeId node) const { return nodes_[node].links; }
    /// Length of a file in bytes, holes included; length of a symlink's target.
    std::uint64_t size(NodeId node) const { return nodes_[node].size; }
    /// Where a file's data lies: its runs packed one after another. Content::size is the sum of the runs'
    /// lengths.
    Content content(NodeId node) const;
    /// The runs of data of a file; one run over the whole length unless it is sparse, none for an empty file.
    std::vector<DataRun> runs(NodeId node) const;
    bool sparse(NodeId node) const { return nodes_[node].runs != no_id; }
    std::string_view symlink_target(NodeId node) const;
    std::uint32_t device_major(NodeId node) const { return static_cast<std::uint32_t>(nodes_[node].position >> 32); }
    std::uint32_t device_minor(NodeId node) const { return static_cast<std::uint32_t>(nodes_[node].position); }

    std::string_view entry_name(EntryId entry) const;
    NodeId entry_node(EntryId entry) const { return entries_[entry].node; }
    /// The entries of a directory, sorted bytewise by name.
    std::vector<EntryId> children(NodeId directory) const;
    std::size_t child_count(NodeId directory) const;
    std::optional<NodeId> child(NodeId directory, std::string_view name) const;
    /// By path without following symlinks; a leading '/' is allowed, "" and "/" are the root.
    std::optional<NodeId> find(std::string_view path) const;
    /// One path of a node ("/etc/passwd"; "/" for the root), the first by insertion for one with several
    /// names.
    std::string path_of(NodeId node) const;
    NodeId parent(NodeId directory) const;  ///< of a directory; the root is its own

    // --- Building
    // ---------------------------------------------------------------------------------------------- All
    // throw Error{artifact} (names, collisions) and leave the tree as it was. `origin` is for messages.

    /// Splits a member path as found in archives ("./a//b/", "a/b"): the directories on the way are looked
    /// up, following symlinks inside the tree (absolute targets start at the tree's root), and made (mode
    /// 0755, owner 0:0) where they are missing and `create` is set. Refuses: "..", NUL, too long a name,
    /// leaving the tree through a symlink, a loop, a dangling symlink, a parent that is no directory.
    struct Place {
        NodeId directory = root();
        std::string name;  ///< empty: the directory itself
    };
    Place locate(std::string_view path, bool create = true);

    /// How an addition meets an existing entry of the same name. A directory over a directory always merges
    /// (takes the new metadata and xattrs); a directory over a symlink to a directory keeps the link.
    /// `replace` takes what an earlier layer brought, but no change between directory and non-directory. With
    /// `supersede` the last one wins, as in an archive: also within a layer, and also a directory takes the
    /// place of another kind and the reverse; but what is no directory never takes that of a directory in
    /// which this layer has put something.
    enum class Existing : std::uint8_t { refuse, replace, supersede };

    NodeId add_directory(const Place& place, const Metadata& metadata, XattrSet xattrs = {},
                         Existing existing = Existing::refuse);
    NodeId add_file(const Place& place, const Metadata& metadata, const Content& content, XattrSet xattrs = {},
                    Existing existing = Existing::refuse);
    /// `runs` ascending and disjoint, inside `size`; content.size is their sum.
    NodeId add_sparse_file(const Place& place, const Metadata& metadata, std::uint64_t size, const Content& content,
                           std::vector<DataRun> runs, XattrSet xattrs = {}, Existing existing = Existing::refuse);
    NodeId add_symlink(const Place& place, const Metadata& metadata, std::string_view target, XattrSet xattrs = {},
                       Existing existing = Existing::refuse);
    NodeId add_device(const Place& place, const Metadata& metadata, NodeType type, std::uint32_t major,
                      std::uint32_t minor, XattrSet xattrs = {}, Existing existing = Existing::refuse);
    NodeId add_special(const Place& place, const Metadata& metadata, NodeType fifo_or_socket, XattrSet xattrs = {},
                       Existing existing = Existing::refuse);
    /// Another name for a node that is no directory.
    void add_link(const Place& place, NodeId node, Existing existing = Existing::refuse);
    void set_metadata(NodeId node, const Metadata& metadata);
    void set_xattrs(NodeId node, XattrSet xattrs);
    void remove(NodeId directory, std::string_view name);
    /// Removes an entry with everything below it, if it is there.
    void remove_tree(const Place& place);

    /// Marks the border between layers: what is in the tree now may be replaced by what comes, while two
    /// entries of one name that come after the same mark are refused (see Existing).
    void begin_layer() {
        ++layer_;
        counts_ = {};
    }
    /// Removes what earlier layers put at a place and below it. What this layer put there stays, with the
    /// directories on the way to it.
    void hide(const Place& place);
    /// The same for everything below a directory, which stays itself.
    void hide_below(NodeId directory);

    /// What happened to names since begin_layer().
    struct LayerCounts {
        std::uint64_t replaced = 0;  ///< of earlier layers, given to another node
        std::uint64_t dropped = 0;   ///< of earlier layers, removed
        std::uint64_t repeated = 0;  ///< of this layer, given to another node
    };
    const LayerCounts& layer_counts() const { return counts_; }

    // --- Keeping for a later run (docs/decisions/0014-reuse.md)
    // ---------------------------------------------------------------------------------------------

    /// Whether all data of its files lies at its final place.
    bool all_placed() const;
    /// Writes the whole tree, removed nodes too, as they have their share in the layout. all_placed() holds; places are
    /// counted from `base`.
    void keep(RecordWriter& record, std::uint64_t base) const;
    /// The tree that keep() wrote, its data in `source`. Throws Error{artifact} where the record is damaged: then no
    /// member function would be safe.
    static FileTree kept(RecordReader& record, std::uint64_t base, const ContentSourcePtr& source);

  private:
    struct Node {
        std::int64_t mtime_seconds = 0;
        std::uint64_t size = 0;
        std::uint64_t position = 0;  ///< in the source; major << 32 | minor; offset of a symlink's target in texts_
        std::uint32_t mtime_nanoseconds = 0;
        std::uint32_t uid = 0;
        std::uint32_t gid = 0;
        std::uint32_t links = 0;
        std::uint32_t source = no_id;  ///< in sources_
        std::uint32_t runs = no_id;    ///< in run_lists_
        std::uint32_t xattrs = 0;      ///< in xattr_sets_
        EntryId name = no_id;          ///< the first of its names; no_id for the root
        EntryId first = no_id;         ///< a directory's newest entry
        std::uint16_t mode = 0;
        NodeType type = NodeType::directory;
        bool placed = false;  ///< see Content
    };
    struct Entry {
        std::uint64_t name = 0;  ///< offset in texts_
        NodeId node = no_id;     ///< no_id: removed
        NodeId directory = root();
        EntryId next = no_id;  ///< in the same directory
        EntryId next_in_bucket = no_id;
        std::uint16_t layer = 0;
        std::uint8_t length = 0;
    };

    static constexpr std::uint64_t text_block = 256 * 1024;  ///< bytes

    EntryId find_entry(NodeId directory, std::string_view name) const;
    NodeId insert(const Place& place, Node node, const Metadata& metadata, XattrSet xattrs, Existing existing);
    EntryId checked_existing(const Place& place, NodeType type, Existing existing);
    Place walk(std::string_view path, bool create, bool& nowhere);
    NodeId directory_in_place_of(const Place& place, EntryId entry, const Metadata& metadata, XattrSet xattrs,
                                 Existing existing);
    std::vector<NodeId> directories_from(NodeId directory) const;
    void drop(EntryId entry);
    void name_node(const Place& place, EntryId existing, NodeId node);
    NodeId make_directory(NodeId parent, std::string_view name);
    std::uint64_t store_text(std::string_view text);
    std::string_view text(std::uint64_t offset, std::size_t length) const;
    std::uint32_t intern_source(const ContentSourcePtr& source);
    std::uint32_t intern_xattrs(XattrSet xattrs);
    void set_content(Node& node, const Content& content);
    void grow_buckets();
    void fill_buckets();
    void check_kept() const;
    std::size_t bucket_of(NodeId directory, std::string_view name) const;
    [[noreturn]] void refuse(const Place& place, std::string message, std::string found = {}, std::string allowed = {},
                             std::string change = {}) const;

    std::deque<Node> nodes_;  // deques grow without copying, which would double the peak
    std::deque<Entry> entries_;
    std::vector<EntryId> buckets_;
    std::vector<std::unique_ptr<char[]>> texts_;  ///< blocks of text_block bytes, so that growth copies nothing
    std::uint64_t text_used_ = 0;
    std::vector<ContentSourcePtr> sources_;
    std::vector<std::vector<DataRun>> run_lists_;
    std::vector<XattrSet> xattr_sets_;
    std::uint16_t layer_ = 0;
    LayerCounts counts_;
};

/// Bytes of the files' data that is still to be brought where the tree is written: what is not placed.
std::uint64_t bytes_to_copy(const FileTree& tree);

}  // namespace rpixen
