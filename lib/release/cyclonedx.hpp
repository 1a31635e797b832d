#pragma once

#include <string>

#include "release/release_facts.hpp"

namespace rpixen {

/// The release's bill of materials in CycloneDX 1.6 as JSON: the same components as spdx_json(). Ends with a newline.
std::string cyclonedx_json(const ReleaseFacts& facts);

}  // namespace rpixen
