#include "backend/guestfs/file_systems.hpp"

#include <algorithm>
#include <array>

#include <rpixen/error.hpp>

#include "backend/guestfs/pipe_to_appliance.hpp"
#include "backend/guestfs/tar_stream.hpp"
#include "base/bytes.hpp"

namespace rpixen::guestfs {
namespace {

constexpr int block_size = 4096;
constexpr int inode_size = 256;

void make_ext4(guestfs_h* g, const std::string& device, const Ext4Parameters& parameters) {
    // libguestfs states a journal's size in MiB.
    const std::uint64_t journal_mib =
        std::max<std::uint64_t>(std::uint64_t{parameters.journal_blocks} * block_size / MiB, 1);
    check(g,
          guestfs_mke2fs(g, device.c_str(), GUESTFS_MKE2FS_FSTYPE, "ext4", GUESTFS_MKE2FS_BLOCKSIZE,
                         static_cast<int64_t>(block_size), GUESTFS_MKE2FS_BLOCKSCOUNT,
                         narrow<int64_t>(parameters.block_count), GUESTFS_MKE2FS_INODESIZE,
                         static_cast<int64_t>(inode_size), GUESTFS_MKE2FS_NUMBEROFINODES,
                         static_cast<int64_t>(parameters.inode_count), GUESTFS_MKE2FS_JOURNALSIZE,
                         narrow<int64_t>(journal_mib), GUESTFS_MKE2FS_LABEL, parameters.label.c_str(),
                         GUESTFS_MKE2FS_UUID, format_uuid(parameters.uuid).c_str(),
                         GUESTFS_MKE2FS_LAZYITABLEINIT, 0, GUESTFS_MKE2FS_LAZYJOURNALINIT, 0, -1),
          "make the ext4 file system on " + device);
    check(g,
          guestfs_tune2fs(g, device.c_str(), GUESTFS_TUNE2FS_RESERVEDBLOCKSCOUNT,
                          static_cast<int64_t>(parameters.reserved_blocks), -1),
          "set the reserved blocks of " + device);
}

/// What tar cannot carry: sockets. Their folders' times are set again afterwards.
void add_sockets(guestfs_h* g, const FileTree& tree, NodeId directory, const std::string& path) {
    bool touched = false;
    for (const EntryId entry : tree.children(directory)) {
        const NodeId node = tree.entry_node(entry);
        const std::string name = path + "/" + std::string(tree.entry_name(entry));
        if (tree.type(node) == NodeType::directory) add_sockets(g, tree, node, name);
        if (tree.type(node) != NodeType::socket) continue;
        touched = true;
        const std::string what = "make the socket " + name;
        const std::string first = tree.path_of(node);
        if (first != name && guestfs_is_socket(g, first.c_str()) == 1) {
            check(g, guestfs_ln(g, first.c_str(), name.c_str()), what);
            continue;
        }
        const Metadata metadata = tree.metadata(node);
        check(g, guestfs_mknod(g, 0140000 | 0600, 0, 0, name.c_str()), what);
        check(g,
              guestfs_lchown(g, static_cast<int>(metadata.uid), static_cast<int>(metadata.gid), name.c_str()),
              what);
        check(g, guestfs_chmod(g, metadata.mode, name.c_str()), what);
        for (const auto& [key, value] : tree.xattrs(node))
            check(g, guestfs_lsetxattr(g, key.c_str(), value.data(), narrow<int>(value.size()), name.c_str()),
                  what);
        check(g,
              guestfs_utimens(g, name.c_str(), metadata.mtime.seconds, metadata.mtime.nanoseconds,
                              metadata.mtime.seconds, metadata.mtime.nanoseconds),
              what);
    }
    if (!touched) return;
    const Timestamp time = tree.metadata(directory).mtime;
    check(g,
          guestfs_utimens(g, path.empty() ? "/" : path.c_str(), time.seconds, time.nanoseconds, time.seconds,
                          time.nanoseconds),
          "set the time of " + path);
}

bool has_sockets(const FileTree& tree) {
    for (NodeId node = 0; node < tree.node_count(); ++node)
        if (tree.links(node) > 0 && tree.type(node) == NodeType::socket) return true;
    return false;
}

std::uint64_t data_size(const FileTree& tree) {
    std::uint64_t total = 0;
    for (NodeId node = 0; node < tree.node_count(); ++node)
        if (tree.links(node) > 0 && tree.type(node) == NodeType::file) total += tree.content(node).size;
    return total;
}

}  // namespace

void write_device_le32(guestfs_h* g, const std::string& device, std::uint64_t offset, std::uint32_t value) {
    std::array<std::byte, 4> bytes{};
    store_le(bytes.data(), value);
    const std::string_view text = as_text(bytes);
    check(g, guestfs_pwrite_device(g, device.c_str(), text.data(), text.size(), narrow<int64_t>(offset)),
          "write to " + device);
}

std::string mount_options(FileSystemKind kind, bool read_only) {
    std::string options = read_only ? "ro" : "rw";
    if (kind == FileSystemKind::fat32)
        // Times are UTC, names UTF-8 on our side; "quiet" because tar sets owners and modes that a FAT cannot
        // hold.
        options += ",tz=UTC,utf8=1,umask=022,quiet";
    else
        // A journal that waits to be replayed would be written to; zeroing inode tables is mke2fs' work.
        options += read_only ? ",noload" : ",noinit_itable,user_xattr,acl";
    return options;
}

void fill(Appliance& appliance, const std::string& device, const PartitionPlan& plan,
          const Supervision& supervision) {
    const bool fat = plan.kind == FileSystemKind::fat32;
    std::atomic<std::uint64_t> done{0};
    supervision.begin("writing " + plan.name, data_size(plan.tree));
    appliance.run(
        [&](guestfs_h* g) {
            if (!fat) make_ext4(g, device, plan.ext4);
            check(g, guestfs_mount_options(g, mount_options(plan.kind, false).c_str(), device.c_str(), "/"),
                  "mount " + device);
            // The caller's thread shows progress; the writer only listens for a request to stop.
            const Supervision quiet{nullptr, supervision.cancel};
            pipe_into([&](int pipe) { write_tar(plan.tree, TarDialect{!fat}, pipe, quiet, done); },
                      [&](const std::string& pipe) {
                          check(g,
                                guestfs_tar_in_opts(g, pipe.c_str(), "/", GUESTFS_TAR_IN_OPTS_XATTRS,
                                                    fat ? 0 : 1, -1),
                                "unpack the files of " + plan.name);
                      });
            if (!fat && has_sockets(plan.tree)) add_sockets(g, plan.tree, FileTree::root(), {});
            check(g, guestfs_umount(g, "/"), "unmount " + device);
        },
        supervision, &done);
}

}  // namespace rpixen::guestfs
