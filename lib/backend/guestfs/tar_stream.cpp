#include "backend/guestfs/tar_stream.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <map>

#include <rpixen/error.hpp>

#include "base/handle.hpp"
#include "base/size.hpp"

namespace rpixen::guestfs {
namespace {

using Archive = Handle<archive, archive_write_free>;
using Entry = Handle<archive_entry, archive_entry_free>;

constexpr std::size_t chunk_size = 1 << 20;

unsigned type_bits(NodeType type) {
    switch (type) {
        case NodeType::directory:
            return AE_IFDIR;
        case NodeType::file:
            return AE_IFREG;
        case NodeType::symlink:
            return AE_IFLNK;
        case NodeType::character_device:
            return AE_IFCHR;
        case NodeType::block_device:
            return AE_IFBLK;
        case NodeType::fifo:
            return AE_IFIFO;
        case NodeType::socket:
            return AE_IFSOCK;
    }
    throw Error(ErrorCode::internal, "a node of no type");
}

class TarWriter {
  public:
    TarWriter(const FileTree& tree, TarDialect dialect, int descriptor, const Supervision& supervision,
              std::atomic<std::uint64_t>& done)
        : tree_(tree),
          dialect_(dialect),
          supervision_(supervision),
          done_(done),
          archive_(archive_write_new()),
          entry_(archive_entry_new()),
          buffer_(chunk_size) {
        if (!archive_ || !entry_) throw std::bad_alloc();
        check(archive_write_set_format_pax(archive_.get()));
        // Names are bytes, whatever the locale; GNU tar reads Star's keyword for xattrs.
        check(archive_write_set_options(archive_.get(), "pax:hdrcharset=BINARY,pax:xattrheader=SCHILY"));
        check(archive_write_set_bytes_per_block(archive_.get(), 64 * 1024));
        check(archive_write_set_bytes_in_last_block(archive_.get(), 512));
        check(archive_write_open_fd(archive_.get(), descriptor));
    }

    void write() {
        add_directory(FileTree::root(), ".");
        check(archive_write_close(archive_.get()));
    }

  private:
    void check(la_ssize_t result) {
        if (result >= ARCHIVE_WARN) return;
        const char* const reason = archive_error_string(archive_.get());
        throw Error(ErrorCode::io, "cannot send files to the appliance", reason ? reason : "no reason given");
    }

    void add_directory(NodeId directory, const std::string& path) {
        supervision_.check();
        describe(directory, path);
        check(archive_write_header(archive_.get(), entry_.get()));
        for (const EntryId entry : tree_.children(directory)) {
            const NodeId node = tree_.entry_node(entry);
            const std::string name = path + "/" + std::string(tree_.entry_name(entry));
            if (tree_.type(node) == NodeType::directory)
                add_directory(node, name);
            else if (tree_.type(node) != NodeType::socket)
                add(node, name);
        }
    }

    void add(NodeId node, const std::string& path) {
        describe(node, path);
        if (tree_.links(node) > 1) {
            const auto [first, is_new] = first_names_.emplace(node, path);
            if (!is_new) {
                archive_entry_set_hardlink(entry_.get(), first->second.c_str());
                archive_entry_unset_size(entry_.get());
                check(archive_write_header(archive_.get(), entry_.get()));
                return;
            }
        }
        const bool is_file = tree_.type(node) == NodeType::file;
        if (tree_.type(node) == NodeType::symlink)
            archive_entry_set_symlink(entry_.get(), std::string(tree_.symlink_target(node)).c_str());
        const bool is_device = tree_.type(node) == NodeType::character_device ||
                               tree_.type(node) == NodeType::block_device;
        if (is_device) {
            archive_entry_set_rdevmajor(entry_.get(), tree_.device_major(node));
            archive_entry_set_rdevminor(entry_.get(), tree_.device_minor(node));
        }
        const std::vector<DataRun> runs = is_file ? tree_.runs(node) : std::vector<DataRun>{};
        if (is_file) archive_entry_set_size(entry_.get(), narrow<la_int64_t>(tree_.size(node)));
        if (is_file && tree_.sparse(node)) {
            for (const DataRun& run : runs)
                archive_entry_sparse_add_entry(entry_.get(), narrow<la_int64_t>(run.logical),
                                               narrow<la_int64_t>(run.length));
            // A file that is one hole is told by an empty run at its end.
            if (runs.empty()) archive_entry_sparse_add_entry(entry_.get(), narrow<la_int64_t>(tree_.size(node)), 0);
        }
        check(archive_write_header(archive_.get(), entry_.get()));
        if (is_file && tree_.size(node) > 0) add_data(node, runs);
        check(archive_write_finish_entry(archive_.get()));
    }

    /// libarchive takes the file as it reads, holes included, and leaves the holes out itself.
    void add_data(NodeId node, const std::vector<DataRun>& runs) {
        const Content content = tree_.content(node);
        std::unique_ptr<OpenContent> open;
        if (content.size > 0) open = content.open();
        std::uint64_t logical = 0;
        std::uint64_t packed = 0;
        for (const DataRun& run : runs) {
            add_zeros(run.logical - logical);
            for (std::uint64_t rest = run.length; rest > 0;) {
                supervision_.check();
                const std::span part(buffer_.data(), std::min<std::uint64_t>(rest, buffer_.size()));
                open->read(packed, part);
                add_bytes(part);
                packed += part.size();
                rest -= part.size();
                done_.fetch_add(part.size(), std::memory_order_relaxed);
            }
            logical = run.logical + run.length;
        }
        add_zeros(tree_.size(node) - logical);
        if (open) open->check_unchanged();
    }

    void add_zeros(std::uint64_t count) {
        if (count > 0) std::fill(buffer_.begin(), buffer_.end(), std::byte{});
        while (count > 0) {
            supervision_.check();
            const std::span part(buffer_.data(), std::min<std::uint64_t>(count, buffer_.size()));
            add_bytes(part);
            count -= part.size();
        }
    }

    void add_bytes(ByteView bytes) {
        while (!bytes.empty()) {
            const la_ssize_t taken = archive_write_data(archive_.get(), bytes.data(), bytes.size());
            check(taken);
            if (taken == 0) throw Error(ErrorCode::internal, "libarchive takes no more of a file");
            bytes = bytes.subspan(static_cast<std::size_t>(taken));
        }
    }

    void describe(NodeId node, const std::string& path) {
        archive_entry* const entry = archive_entry_clear(entry_.get());
        const Metadata metadata = tree_.metadata(node);
        archive_entry_set_pathname(entry, path.c_str());
        archive_entry_set_filetype(entry, type_bits(tree_.type(node)));
        archive_entry_set_mtime(entry, metadata.mtime.seconds, static_cast<long>(metadata.mtime.nanoseconds));
        archive_entry_set_size(entry, 0);
        if (!dialect_.posix) {
            archive_entry_set_perm(entry, 0755);
            return;
        }
        archive_entry_set_perm(entry, metadata.mode);
        archive_entry_set_uid(entry, metadata.uid);
        archive_entry_set_gid(entry, metadata.gid);
        for (const auto& [name, value] : tree_.xattrs(node))
            archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), value.size());
    }

    const FileTree& tree_;
    TarDialect dialect_;
    const Supervision& supervision_;
    std::atomic<std::uint64_t>& done_;
    Archive archive_;
    Entry entry_;
    Bytes buffer_;
    std::map<NodeId, std::string> first_names_;
};

}  // namespace

void write_tar(const FileTree& tree, TarDialect dialect, int descriptor, const Supervision& supervision,
               std::atomic<std::uint64_t>& done) {
    TarWriter(tree, dialect, descriptor, supervision, done).write();
}

}  // namespace rpixen::guestfs
