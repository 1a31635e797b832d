#pragma once

#include <exception>

#include <ext2fs/ext2fs.h>

#include "backend/direct/partition.hpp"
#include "base/handle.hpp"

namespace rpixen::ext4 {

using FileSystem = Handle<struct_ext2_filsys, ext2fs_free>;

/// Lets libext2fs read and write a partition of the output: an io_manager (lib/ext2fs/ext2_io.h) that carries
/// exceptions of the output across the C code. Only metadata goes this way, a few blocks at a time, so
/// nothing is cached here.
class PartitionChannel {
  public:
    explicit PartitionChannel(Partition& partition) : partition_(partition) {}
    PartitionChannel(const PartitionChannel&) = delete;
    PartitionChannel& operator=(const PartitionChannel&) = delete;

    /// The manager whose next open() on this thread opens this channel.
    io_manager manager();
    /// Throws what the output threw, or Error{internal} where libext2fs failed by itself.
    void check(errcode_t result, const char* what);

  private:
    friend struct ChannelCallbacks;

    Partition& partition_;
    std::exception_ptr failure_;
};

}  // namespace rpixen::ext4
