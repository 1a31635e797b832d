#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/scenario.hpp"

namespace rpixen {

/// The firmware's config.txt: U-Boot as kernel in 64 bits, the UART's clock fixed for Xen's console, the GIC
/// on; then the user's lines. A line that says the same again is left out; one that contradicts throws
/// Error{unfit}, in any section.
std::string render_config_txt(std::span<const std::string> user_lines);

/// Line by line, with its section ("all" before the first), as the firmware reads it. Never fails.
std::vector<ConfigLine> parse_config_txt(std::string_view text, const std::string& file);

}  // namespace rpixen
