#pragma once

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

#include "artifact/artifact_set.hpp"

namespace rpixen {

/// Examines the boot inputs of a manifest: all but the root file system. What an input is tells its content,
/// never its name. Xen and the kernel are unpacked, as the card needs them raw.
///
/// Collects the problems of all of them and throws once: Error{artifact}. Throws Error{io} where reading failed
/// and Error{cancelled} on request.
ArtifactSet examine_artifacts(const Manifest& manifest, const Supervision& supervision);

}  // namespace rpixen
