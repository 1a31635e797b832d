#pragma once

#include <vector>

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

#include "artifact/root_file_system.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// Takes in the layers of a root file system, at least one: they become one tree. Files of a folder stay where
/// they are, and those of an uncompressed tar unless the store is in_place(); those of other tars go into
/// `store` as they are read, in one pass. A prebuilt ext4 image goes there as a whole.
///
/// `given_up` hears `supervision`'s request to stop, and is cancelled also where the run has failed elsewhere:
/// then what takes long and writes is left out, but what is wrong with the layers is still looked for.
///
/// Collects the problems of all layers and throws once: Error{artifact}. Throws Error{io} where reading or the
/// store failed and Error{cancelled} where something was left out or on request.
RootFileSystem ingest_root(const std::vector<ArtifactReference>& layers, ContentStore& store,
                           const Supervision& supervision, const CancelToken& given_up);

}  // namespace rpixen
