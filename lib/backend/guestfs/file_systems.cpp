#include "backend/guestfs/file_systems.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <rpixen/error.hpp>

#include "backend/guestfs/appliance_pipe.hpp"
#include "backend/guestfs/tar_stream.hpp"
#include "base/bytes.hpp"

namespace rpixen::guestfs {
namespace {

constexpr int block_size = 4096;
constexpr int inode_size = 256;

void make_ext4(guestfs_h* g, const std::string& device, const Ext4Parameters& parameters) {
    // libguestfs states a journal's size in MiB.
    const std::uint64_t journal_mib = std::max<std::uint64_t>(
        std::uint64_t{parameters.journal_blocks} * block_size / MiB, 1);
    check(g,
          guestfs_mke2fs(
              g, device.c_str(), GUESTFS_MKE2FS_FSTYPE, "ext4", GUESTFS_MKE2FS_BLOCKSIZE,
              static_cast<int64_t>(block_size), GUESTFS_MKE2FS_BLOCKSCOUNT, narrow<int64_t>(parameters.block_count),
              GUESTFS_MKE2FS_INODESIZE, static_cast<int64_t>(inode_size), GUESTFS_MKE2FS_NUMBEROFINODES,
              static_cast<int64_t>(parameters.inode_count), GUESTFS_MKE2FS_JOURNALSIZE, narrow<int64_t>(journal_mib),
              GUESTFS_MKE2FS_LABEL, parameters.label.c_str(), GUESTFS_MKE2FS_UUID, format_uuid(parameters.uuid).c_str(),
              GUESTFS_MKE2FS_LAZYITABLEINIT, 0, GUESTFS_MKE2FS_LAZYJOURNALINIT, 0, -1),
          "make the ext4 file system on " + device);
    check(g,
          guestfs_tune2fs(g, device.c_str(), GUESTFS_TUNE2FS_RESERVEDBLOCKSCOUNT,
                          static_cast<int64_t>(parameters.reserved_blocks), -1),
          "set the reserved blocks of " + device);
}

/// Between two seconds before 1970: libarchive writes -0.5 s as "-1.5".
bool lost_in_tar(const Timestamp& time) {
    return time.seconds < 0 && time.nanoseconds > 0;
}

/// Brings what a tar cannot: sockets and the times named above.
class Finish {
  public:
    Finish(guestfs_h* g, const FileTree& tree) : g_(g), tree_(tree) {}

    static bool needed(const FileTree& tree) {
        for (NodeId node = 0; node < tree.node_count(); ++node)
            if (tree.links(node) > 0 && (tree.type(node) == NodeType::socket || lost_in_tar(tree.metadata(node).mtime)))
                return true;
        return false;
    }

    void finish(NodeId directory, const std::string& path) {
        bool stale = lost_in_tar(tree_.metadata(directory).mtime);
        for (const EntryId entry : tree_.children(directory)) {
            const NodeId node = tree_.entry_node(entry);
            const std::string name = path + "/" + std::string(tree_.entry_name(entry));
            if (tree_.type(node) == NodeType::directory) {
                finish(node, name);
            } else if (tree_.type(node) == NodeType::socket) {
                make_socket(node, name);
                stale = true;
            } else if (lost_in_tar(tree_.metadata(node).mtime)) {
                set_time(node, name);
            }
        }
        if (stale) set_time(directory, path.empty() ? "/" : path);
    }

  private:
    void make_socket(NodeId node, const std::string& name) {
        const std::string what = "make the socket " + name;
        const auto [first, is_new] = sockets_.emplace(node, name);
        if (!is_new) {
            check(g_, guestfs_ln(g_, first->second.c_str(), name.c_str()), what);
            return;
        }
        const Metadata metadata = tree_.metadata(node);
        check(g_, guestfs_mknod(g_, socket_type, 0, 0, name.c_str()), what);
        check(g_, guestfs_lchown(g_, static_cast<int>(metadata.uid), static_cast<int>(metadata.gid), name.c_str()),
              what);
        check(g_, guestfs_chmod(g_, metadata.mode, name.c_str()), what);
        for (const auto& [key, value] : tree_.xattrs(node))
            check(g_, guestfs_lsetxattr(g_, key.c_str(), value.data(), narrow<int>(value.size()), name.c_str()), what);
        set_time(node, name);
    }

    void set_time(NodeId node, const std::string& name) {
        const Timestamp time = tree_.metadata(node).mtime;
        check(g_, guestfs_utimens(g_, name.c_str(), time.seconds, time.nanoseconds, time.seconds, time.nanoseconds),
              "set the time of " + name);
    }

    static constexpr int socket_type = 0140600;  ///< S_IFSOCK and a mode that is set right afterwards

    guestfs_h* g_;
    const FileTree& tree_;
    std::map<NodeId, std::string> sockets_;
};

}  // namespace

void write_device_le32(guestfs_h* g, const std::string& device, std::uint64_t offset, std::uint32_t value) {
    std::array<std::byte, 4> bytes{};
    store_le(bytes.data(), value);
    const std::string_view text = as_text(bytes);
    check(g, guestfs_pwrite_device(g, device.c_str(), text.data(), text.size(), narrow<int64_t>(offset)),
          "write to " + device);
}

std::string mount_options(bool fat, bool read_only) {
    std::string options = read_only ? "ro" : "rw";
    if (fat)
        // Times are UTC, names UTF-8 on our side; "quiet" because tar sets owners and modes that a FAT cannot
        // hold.
        options += ",tz=UTC,utf8=1,umask=022,quiet";
    else
        // A journal that waits to be replayed would be written to; zeroing inode tables is mke2fs' work.
        options += read_only ? ",noload" : ",noinit_itable,user_xattr,acl";
    return options;
}

void fill(Appliance& appliance, const std::string& device, const Partition& plan, const Supervision& supervision) {
    const bool fat = plan.fat() != nullptr;
    std::atomic<std::uint64_t> done{0};
    supervision.begin(Phase::writing, bytes_to_copy(plan.tree), plan.name);
    appliance.run(
        [&](guestfs_h* g) {
            if (!fat) make_ext4(g, device, *plan.ext());
            check(g, guestfs_mount_options(g, mount_options(fat, false).c_str(), device.c_str(), "/"),
                  "mount " + device);
            // The caller's thread shows progress; the writer only listens for a request to stop.
            const Supervision quiet{nullptr, supervision.cancel};
            pipe_into([&](int pipe) { write_tar(plan.tree, TarDialect{!fat}, pipe, quiet, done); },
                      [&](const std::string& pipe) {
                          check(g,
                                guestfs_tar_in_opts(g, pipe.c_str(), "/", GUESTFS_TAR_IN_OPTS_XATTRS, fat ? 0 : 1, -1),
                                "unpack the files of " + plan.name);
                      });
            if (!fat && Finish::needed(plan.tree)) Finish(g, plan.tree).finish(FileTree::root(), {});
            check(g, guestfs_umount(g, "/"), "unmount " + device);
        },
        supervision, &done);
}

}  // namespace rpixen::guestfs
