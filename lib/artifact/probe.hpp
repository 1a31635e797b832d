#pragma once

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

#include "artifact/artifact_set.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// Examines every input of a manifest: the only stage that opens them. What an input is tells its content,
/// never its name. Boot artifacts are unpacked where the card needs them raw (Xen, kernel); the layers of the
/// root file system become one tree. Files of a folder stay where they are, and
/// those of an uncompressed tar unless the store is in_place(); those of other tars go into `store` as they
/// are read, in one pass. Boot artifacts are examined on a thread of their own meanwhile.
///
/// Collects the problems of all artifacts and throws once: Error{artifact}. Throws Error{io} where reading or
/// the store failed and Error{cancelled} on request.
ArtifactSet probe_artifacts(const Manifest& manifest, ContentStore& store, const Supervision& supervision);

}  // namespace rpixen
