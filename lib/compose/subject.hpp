#pragma once

#include <string>

namespace rpixen {

/// Whether what a command was given is a manifest, and no image: it is JSON and begins like it, which no image does.
/// Throws Error{artifact, io}.
bool is_manifest(const std::string& path);

}  // namespace rpixen
