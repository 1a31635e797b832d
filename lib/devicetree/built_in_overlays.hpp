#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace rpixen {

/// The compiled overlay of that name (overlays/NAME.dts), in memory for good; nothing where there is none.
std::optional<ByteView> built_in_overlay(std::string_view name);

}  // namespace rpixen
