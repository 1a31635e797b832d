#pragma once

#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

#include "card/card.hpp"
#include "storage/content.hpp"
#include "verify/card_reading.hpp"

namespace rpixen {

/// Compares what an image holds with what it should. The quick form leaves out the data of files, except of
/// small ones on a FAT, which decide how the card boots. `disk` is the image itself, for partitions that were
/// copied as they are. Every byte is read once; the digests are taken on several threads. Throws Error{io,
/// cancelled}.
Verification compare_images(const Card& expected, const CardReading& found, const Content& disk, VerifyForm form,
                            const Supervision& supervision);

}  // namespace rpixen
