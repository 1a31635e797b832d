#pragma once

#include <rpixen/diff.hpp>
#include <rpixen/progress.hpp>

#include "card/card.hpp"

namespace rpixen {

/// What the partitions and files of two cards differ in, planned or read ones: fills `card`, `partitions`, `files`,
/// `left_out` and `notes` of the result. Partitions are paired by their numbers. Of files so many differences are kept.
/// Throws Error{io, artifact, cancelled}.
CardDifferences compare_cards(const Card& a, const Card& b, VerifyForm form, const Supervision& supervision,
                              std::uint64_t most_differences = 100'000);

}  // namespace rpixen
