#pragma once

#include <cstdint>
#include <vector>

#include <rpixen/progress.hpp>

#include "fs/ext4/parameters.hpp"
#include "storage/partition_output.hpp"

namespace rpixen {

/// Writes an ext4 into a partition that is empty but for streamed data (ext4_data_store.hpp). `done` counts
/// the copied bytes for the supervision. Returns the byte ranges in the partition that hold data or must be
/// zero, ascending. Throws Error{io, cancelled}, Error{unfit} for what ext4 cannot hold.
std::vector<Range> write_ext4(const FileTree& tree, const Ext4Parameters& parameters, PartitionOutput& partition,
                              const Supervision& supervision, std::uint64_t& done);

}  // namespace rpixen
