#pragma once

#include <string_view>

namespace rpixen {

/// Whether the firmware, or the boot loader in the EEPROM, has a key of config.txt of this name, or keys that begin so
/// ("hdmi_"). Sources stand at the tables.
bool is_config_key(std::string_view key);

}  // namespace rpixen
