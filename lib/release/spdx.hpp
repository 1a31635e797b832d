#pragma once

#include <string>

#include "release/release_facts.hpp"

namespace rpixen {

/// The release's bill of materials in SPDX 2.3 as JSON: the image, its inputs, and the packages of its root file
/// system. Ends with a newline. docs/release.md tells what stands where.
std::string spdx_json(const ReleaseFacts& facts);

}  // namespace rpixen
