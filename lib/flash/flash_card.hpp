#pragma once

#include <cstdint>

#include <rpixen/progress.hpp>

#include "flash/card_content.hpp"
#include "flash/card_device.hpp"

namespace rpixen {

struct CardWritten {
    std::uint64_t written = 0;   ///< bytes of the image that were written
    std::uint64_t verified = 0;  ///< bytes that were read back and found equal
};

/// Writes a card and reads it back.
///
/// First the card's first MiB says that it is not finished (format/unfinished_card.hpp), then everything behind it is
/// written, then that MiB without its first page, then that page; between these the device is waited for. Every part is
/// read back and its SHA-256 compared. A card that was not written to its end, for whatever reason, or is not found
/// equal, says so and does not start. `skip_equal`: reads first what is there, and writes only the parts that differ.
///
/// Throws Error{unfit}: the device is too small, and nothing was written; Error{io}: it fails, or does not keep what
/// it is given; Error{artifact}: the image is not what the known digests say; Error{cancelled}.
CardWritten flash_card(CardDevice& device, const CardContent& content, bool skip_equal, const Supervision& supervision);

}  // namespace rpixen
