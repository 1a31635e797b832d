#pragma once

#include <cstdint>

#include <rpixen/progress.hpp>

#include "storage/content.hpp"
#include "storage/partition_output.hpp"

namespace rpixen {

/// Copies a file system image to the start of a partition that reads as zeros. Where the output's file system can share
/// blocks with the image's (XFS, btrfs) no byte is copied. Otherwise holes of the source are not read, and runs of
/// zeros of 64 KiB are not written. `done` counts the bytes for the supervision, holes included. Throws Error{io,
/// cancelled}.
void copy_prebuilt(const Content& image, PartitionOutput& partition, const Supervision& supervision,
                   std::uint64_t& done);

}  // namespace rpixen
