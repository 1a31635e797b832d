#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>

namespace rpixen {

/// A file or folder that a manifest names.
struct NamedInput {
    std::string role;      ///< as visit_paths() (manifest/manifest_paths.hpp) tells it
    std::string path;      ///< as the manifest has it
    std::string resolved;  ///< seen from the working directory
};

/// All of them, in the order of visit_paths().
std::vector<NamedInput> named_inputs(const Manifest& manifest);

/// Of a file, bytes; 0 of what is none.
std::uint64_t file_size(const std::string& path) noexcept;
bool is_folder(const std::string& path) noexcept;

/// A folder and everything below it, sorted bytewise; of a file its path alone. Links are named and not followed,
/// but `path` itself may be one. Throws Error{artifact, io, cancelled}.
std::vector<std::string> paths_below(const std::string& path, const Supervision& supervision);

/// SHA-256, 64 hex digits. Of a file: of its bytes. Of a folder: of a text that has a line for each entry below it,
/// sorted bytewise by path, "TYPE MODE UID GID DIGEST PATH" and a NUL: TYPE is f, d, l or o (other), MODE four octal
/// digits, DIGEST the file's, of a link that of its target's text, "-" for others. Throws as paths_below().
std::string input_digest(const std::string& path, const Supervision& supervision);

}  // namespace rpixen
