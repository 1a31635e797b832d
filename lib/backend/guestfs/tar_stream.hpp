#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "storage/content_store.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::guestfs {

/// How a tree is told to GNU tar inside the appliance.
struct TarDialect {
    bool posix = true;  ///< false: a FAT, which has no owners, links or attributes; modes and owners are then left out
};

/// Writes a tree to `descriptor` as a pax archive (owners, nanosecond times, xattrs, hard links, holes as
/// they are); `done` counts the bytes of file data. Sockets are left out: tar cannot carry them. Throws
/// Error{io, cancelled}; EPIPE where the reader went away.
void write_tar(const FileTree& tree, TarDialect dialect, int descriptor, const Supervision& supervision,
               std::atomic<std::uint64_t>& done);

}  // namespace rpixen::guestfs
