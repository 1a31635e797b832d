#pragma once

#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "compose/decide.hpp"

namespace rpixen {

/// A note for each file of the firmware folder that is not put on the card, since a file of ours has its
/// name: a folder that was a boot partition once has a config.txt.
std::vector<std::string> unused_firmware(const Manifest& manifest, const Decision& decision);

}  // namespace rpixen
