#pragma once

#include <cstdint>
#include <string>

// Numbers for the eye, without a locale.

namespace rpixen {

/// With `digits` digits behind the point: fixed(1.25, 1) is "1.2".
std::string fixed(double value, int digits);

/// To three digits: "36.8 MiB".
std::string rounded_size(std::uint64_t bytes);

/// "2026-11-26 09:15:00", in UTC; the number itself where no year has it.
std::string utc_time(std::int64_t seconds_since_1970);

}  // namespace rpixen
