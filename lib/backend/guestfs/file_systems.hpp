#pragma once

#include <cstdint>
#include <string>

#include <rpixen/progress.hpp>

#include "backend/guestfs/appliance.hpp"
#include "card/card.hpp"

namespace rpixen::guestfs {

/// Fills the file system on `device` with the planned files; makes it before unless it is a FAT (see
/// guestfs_backend.cpp). Throws Error{io, cancelled}.
void fill(Appliance& appliance, const std::string& device, const Partition& plan, const Supervision& supervision);

void write_device_le32(guestfs_h* g, const std::string& device, std::uint64_t offset, std::uint32_t value);

/// How a partition of a card is mounted, to be written or only to be read.
std::string mount_options(bool fat, bool read_only);

}  // namespace rpixen::guestfs
