#pragma once

#include <string_view>

namespace rpixen {

/// Whether the firmware has a key of config.txt of this name, or keys that begin so ("hdmi_"). Source: Raspberry Pi
/// documentation, config.txt, and keys of the firmware's history; put down from memory, not yet held against it.
bool is_config_key(std::string_view key);

}  // namespace rpixen
