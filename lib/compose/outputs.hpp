#pragma once

#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

namespace rpixen {

/// Refuses outputs that would do harm: one that would replace the manifest or anything that it names, or lies
/// in a folder that it names, two that are one file, and "-", as no output can be written in order. `file` is the
/// manifest's own, or empty. Nothing
/// is opened. Throws Error{usage}; Error{io} where one leads to an open descriptor or into /dev.
void check_outputs(const Manifest& manifest, const std::string& file, const std::vector<std::string>& outputs);
/// The same for any inputs.
void check_outputs(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs);

}  // namespace rpixen
