#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

#include "artifact/artifact_set.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// How the disks of guests are made.
struct DiskMaking {
    std::string folder;                ///< where what is made or unpacked lies, in files without names
    std::optional<std::int64_t> time;  ///< of the file system, seconds since 1970; nothing: the newest of its files
};

/// A guest's disk: a prebuilt ext4 as it is, or one that is made of a tar, a folder or a container image. Blocks of
/// zeros become holes of the file that it will be. The file system's identifiers come from the names of card and guest,
/// so that the same manifest gives the same disk. Throws as ingest_root(), and Error{unfit} for what ext4 cannot hold.
GuestDisk make_guest_disk(const Manifest& manifest, const Guest& guest, const DiskMaking& making,
                          const Supervision& supervision);

}  // namespace rpixen
