#pragma once

#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "compose/decide.hpp"

namespace rpixen {

/// A note for each file of the firmware folder that does nothing on the card: it is not put there, since a file
/// of ours has its name, or is the command line of a Linux that the firmware itself starts. A folder that was a
/// boot partition once has both.
std::vector<std::string> unused_firmware(const Manifest& manifest, const Decision& decision);

}  // namespace rpixen
