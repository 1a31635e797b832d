#pragma once

#include <string>
#include <vector>

#include <rpixen/flash.hpp>

#include "flash/card_content.hpp"

namespace rpixen {

/// What is flashed, ready to be read at any place.
struct FlashContent {
    CardContent card;
    std::string known_by;  ///< as in FlashResult
    std::vector<Diagnostic> diagnostics;
    std::vector<std::string> notes;
};

/// An image, unpacked where it is compressed. What of it matters says the block map beside it (NAME.img.bmap, of
/// NAME.img.zst and its kin too), else its file systems, else nothing does and all of it matters. Throws
/// Error{artifact}: no readable image, or a block map that is damaged or of another image; Error{io, cancelled}.
FlashContent content_of_image(const std::string& path, const Supervision& supervision);

/// The card of a manifest, composed for a card of `card_size` bytes into a file without a name in /var/tmp. Throws
/// what compose() throws.
FlashContent content_of_manifest(const ManifestSource& manifest, const FlashRequest& request, std::uint64_t card_size,
                                 const Supervision& supervision);

}  // namespace rpixen
