#include "artifact/kept_time.hpp"

#include <algorithm>
#include <limits>

namespace rpixen {
namespace {

constexpr std::int64_t earliest = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t latest = (std::int64_t{1} << 34) - 1 + earliest;

}  // namespace

std::optional<Timestamp> brought_into_range(const Timestamp& time) {
    Timestamp kept{std::clamp(time.seconds, earliest, latest), time.nanoseconds};
    if (kept.seconds == earliest || kept.seconds == latest) kept.nanoseconds = 0;
    if (kept == time) return std::nullopt;
    return kept;
}

}  // namespace rpixen
