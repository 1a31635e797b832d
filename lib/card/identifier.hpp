#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace rpixen {

/// "DEAD-BEEF", as mtools, blkid and Windows write the number of a FAT volume.
std::string format_volume_id(std::uint32_t id);
std::optional<std::uint32_t> parse_volume_id(std::string_view text);

/// Of "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"; nothing where the text is no UUID.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace rpixen
