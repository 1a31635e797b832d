#pragma once

#include <optional>

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

#include "artifact/artifact_set.hpp"
#include "artifact/guest_disk.hpp"
#include "artifact/root_file_system.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// Everything that a manifest names, as it really is.
struct Inputs {
    ArtifactSet artifacts;
    RootFileSystem root;
};

/// examine_artifacts() and ingest_root() side by side: to hash and search the boot inputs takes as long as a
/// good part of the root file system. Where a boot input is refused, the root's data need not come.
///
/// The disks of guests come last: `disks` says how they are made. With `root` the root file system is known, and its
/// layers are not read.
///
/// Throws the problems of both at once, the boot inputs' first: Error{artifact}; Error{io, cancelled}; Error{unfit} for
/// a disk that ext4 cannot hold.
Inputs gather_inputs(const Manifest& manifest, ContentStore& store, const Supervision& supervision,
                     const DiskMaking& disks = {}, std::optional<RootFileSystem> root = {});

}  // namespace rpixen
