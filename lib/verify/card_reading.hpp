#pragma once

#include <string>
#include <vector>

#include <rpixen/compose.hpp>

#include "backend/guestfs/card_access.hpp"
#include "card/card.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// What a card image holds, in the terms of a plan, and what is wrong with its structures.
struct CardReading {
    Card card;
    std::vector<Difference> faults;  ///< what is damaged, by partition and structure
    std::vector<std::string> notes;
};

/// Reads an image with our own readers and, beside that, holds the file systems' structures against
/// themselves. Throws Error{artifact} where there is no card, Error{io, cancelled}.
CardReading read_directly(const ContentSourcePtr& image, std::uint64_t size, const Supervision& supervision);

/// Reads card number `card` through the appliance's kernel; of every content only the digest is kept.
/// Throws Error{io, cancelled}.
CardReading read_through_appliance(ApplianceCards& cards, std::size_t card, const Supervision& supervision);

}  // namespace rpixen
