#pragma once

#include <memory>
#include <string>

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

#include "base/digest.hpp"
#include "storage/input_file.hpp"

namespace rpixen {

/// The SHA-256 of a whole file as it lies there.
Sha256Digest digest_of(const InputFile& file, const Supervision& supervision);

/// Throws Error{artifact} with both digests unless `digest` is the one that the manifest pins (64 hex
/// digits).
void check_pin(const std::string& pinned, const Sha256Digest& digest, const std::string& name);

/// A folder has nothing to take a digest of. Throws Error{artifact} where the manifest pins one all the same.
void check_folder_has_no_pin(const ArtifactReference& folder);

}  // namespace rpixen
