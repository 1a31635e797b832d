#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "storage/content.hpp"

namespace rpixen::qcow2 {

/// Bytes that differ from the backing file.
struct Patch {
    std::uint64_t offset = 0;  ///< in the disk
    Bytes bytes;
};

/// The start of a QEMU copy-on-write disk (qcow2 version 3, 64 KiB clusters, 16-bit reference counts) over a
/// raw backing file: complete, checkable with `qemu-img check`; QEMU appends what the guest writes. Source:
/// docs/interop/qcow2.rst in QEMU.
struct Overlay {
    std::uint64_t size = 0;          ///< the guest's disk, a multiple of 512; behind the backing file it reads as zeros
    std::string backing;             ///< path of the raw backing file, at most 1023 bytes
    std::uint64_t backing_size = 0;  ///< bytes
    std::vector<Patch> patches;      ///< inside the backing file; where two meet, the later wins
};

/// `backing` is read to fill up patched clusters. Throws Error{unfit} for a disk over 1 TiB, too long a path,
/// or a patch outside; Error{io}.
Bytes make_overlay(const Overlay& overlay, OpenContent& backing);

}  // namespace rpixen::qcow2
