#pragma once

#include <rpixen/manifest.hpp>

#include "manifest/json_reader.hpp"
#include "manifest/object_reader.hpp"

// The manifest's sections, one function each; each complains into `problems` and fills its part of the
// manifest.

namespace rpixen {

/// `path`, which is seen from `folder` (empty: the working directory).
std::string resolve(const std::string& folder, const std::string& path);

/// Where the relative paths of a manifest begin that is a file.
std::string folder_of_manifest(const std::string& file);

/// A path, or an object of a path and a digest.
ArtifactReference read_reference(const JsonValue& value, Problems& problems, const std::string& folder);

/// The text of a manifest's file, or a matrix's. Throws Error{manifest}: it cannot be opened, or has more than 16 MiB;
/// Error{io}.
std::string read_manifest(const std::string& path);

/// A manifest that was read as JSON, and perhaps edited since; the rest as parse_manifest(), which throws the same.
Manifest manifest_of(JsonDocument document, const std::string& file, const std::string& folder,
                     std::uint64_t card_size = 0);

void read_artifacts(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_overlays(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_boot(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_image(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_owners(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_files(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_guests(const JsonValue& value, Problems& problems, Manifest& manifest);
void read_network(const JsonValue& value, Problems& problems, Manifest& manifest);

}  // namespace rpixen
