#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/compose.hpp>

namespace rpixen::test {

/// Where a run breaks the law of the house: `check` and `plan` of a manifest say exactly what `check` says of
/// the image that is composed from it, and exit status 7 or 1 never follows from an input. A line each; empty
/// where the law is kept. The image is written to `image`. A manifest that is refused is composed again with
/// its errors allowed, so that there is an image to compare with.
std::vector<std::string> breaches_of_law(const PlanRequest& request, const std::string& image);

/// Fails the calling test for each breach. For any test that has a manifest at hand.
void expect_law(const std::string& manifest, std::optional<std::int64_t> time = {});

}  // namespace rpixen::test
