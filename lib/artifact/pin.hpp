#pragma once

#include <memory>
#include <string>

#include <rpixen/progress.hpp>

#include "base/digest.hpp"
#include "storage/input_file.hpp"

namespace rpixen {

/// The SHA-256 of a whole file as it lies there.
Sha256Digest digest_of(const InputFile& file, const Supervision& supervision);

/// Throws Error{artifact} with both digests unless `digest` is the one that the manifest pins (64 hex
/// digits).
void check_pin(const std::string& pinned, const Sha256Digest& digest, const std::string& name);

}  // namespace rpixen
