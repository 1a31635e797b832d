#pragma once

#include <vector>

#include "flash/card_content.hpp"
#include "flash/card_device.hpp"

namespace rpixen {

/// Says why a device did not give back what was written: it is smaller than it says, so that what lies far behind
/// replaces what lies in front, or it does not keep its bytes. Tries it out, so that the card is of no use afterwards.
/// `parts` are what was written of the image, `bad` the one of them that came back otherwise. Throws Error{io}, always.
[[noreturn]] void explain_mismatch(CardDevice& device, const CardContent& content, const std::vector<Range>& parts,
                                   Range bad);

}  // namespace rpixen
