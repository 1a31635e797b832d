#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

#include "artifact/named_inputs.hpp"

namespace rpixen {

/// The digest (input_digest()) of everything that a manifest names, by resolved path.
using ManifestDigests = std::map<std::string, std::string>;

/// Reads all of it, or only what examine_artifacts() takes no digests of: folders, the root's layers and files; nothing
/// of what `known` has. Throws Error{artifact, io, cancelled}.
enum class DigestsOf : std::uint8_t { everything, what_is_not_examined };
ManifestDigests manifest_digests(const Manifest& manifest, DigestsOf which, const Supervision& supervision,
                                 const ManifestDigests& known = {});

/// What CardInputs::key is: one digest over `manifest` (manifest_json()), the digests of its inputs, what of the
/// request is in the image, and this version. `digests` has them all.
std::string card_key(const PlanRequest& request, const std::string& manifest, const std::vector<NamedInput>& inputs,
                     const ManifestDigests& digests);

/// Of the manifest in its one form (manifest_json()): comments, the order of keys and spelt-out defaults do not matter.
std::string manifest_sha256(const Manifest& manifest);

}  // namespace rpixen
