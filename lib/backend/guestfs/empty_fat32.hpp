#pragma once

#include "card/card.hpp"
#include "storage/output_file.hpp"

namespace rpixen::guestfs {

/// Writes an empty FAT32 into a partition that reads as zeros. mkfs.fat could do it, but makes a FAT16 of
/// anything below 512 MiB unless told -F 32, and libguestfs has no way to tell it. Throws Error{io}.
void write_empty_fat32(const Partition& partition, OutputFile& output);

}  // namespace rpixen::guestfs
