#pragma once

// Threads: any; the functions keep no state. Exceptions: std::bad_alloc alone. Callbacks: none.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <rpixen/export.h>

namespace rpixen {

/// The candidate that a misspelt word most likely meant: equal but for case and '-' against '_', or few edits
/// away (an edit inserts, removes or changes a byte or swaps two neighbours; at most a third of the length).
/// The first of equals. Nothing where no candidate is near.
RPIXEN_API std::optional<std::string_view> nearest_word(std::string_view word,
                                                        std::span<const std::string_view> candidates);

/// The question for whoever wrote `word`, "did you mean X?", where X is the nearest_word() between `before` and
/// `after`; empty where no candidate is near.
RPIXEN_API std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates,
                                    std::string_view before = {}, std::string_view after = {});

}  // namespace rpixen
