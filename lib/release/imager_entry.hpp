#pragma once

#include <string>

#include "release/release_facts.hpp"

namespace rpixen {

/// A list of one operating system for rpi-imager (--repo; its doc/json-schema/os-list-schema.json). Where the release
/// has no URL, `url` and `bmap_url` are the files' names. Ends with a newline.
std::string imager_entry_json(const ReleaseFacts& facts);

}  // namespace rpixen
