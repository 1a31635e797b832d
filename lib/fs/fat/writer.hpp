#pragma once

#include <cstdint>
#include <vector>

#include <rpixen/progress.hpp>

#include "fs/fat/parameters.hpp"
#include "storage/partition_output.hpp"

namespace rpixen {

/// Writes a FAT32 into a partition that reads as zeros. `done` counts the copied bytes of files for the
/// supervision. Returns the byte ranges in the partition that hold data or must be zero, ascending. Throws
/// Error{unfit} as layout_fat32() does, Error{io, cancelled}.
std::vector<Range> write_fat32(const FileTree& tree, const Fat32Parameters& parameters, PartitionOutput& partition,
                               const Supervision& supervision, std::uint64_t& done);

}  // namespace rpixen
