#pragma once

#include <string>
#include <vector>

#include <rpixen/flash.hpp>

namespace rpixen {

/// Where the system tells of its disks; a test has a place of its own.
struct SystemTables {
    std::string sys = "/sys";
    std::string mounts = "/proc/self/mountinfo";
    std::string swaps = "/proc/swaps";
};

/// The disks that have hardware of their own, with what keeps each from being written to, by path. Throws Error{io}.
std::vector<FlashDisk> read_disks(const SystemTables& tables);

/// The whole disk that a device number ("8:16") is of, of whatever kind. `path` is for messages. Throws Error{usage}
/// for a partition; Error{io} where the system knows no such disk.
FlashDisk find_disk(const std::string& path, const std::string& device_number, const SystemTables& tables);

/// The disk that `path` names. Throws Error{usage}: a regular file, a folder, a partition; Error{io}: there is none.
FlashDisk find_disk(const std::string& path, const SystemTables& tables);

/// Throws Error{usage} where a disk must not be written to.
void check_disk(const FlashDisk& disk, bool insisted);

}  // namespace rpixen
