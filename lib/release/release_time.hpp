#pragma once

#include <cstdint>
#include <string>

// Times in documents, from seconds since 1970. RFC 3339 has the years 0 to 9999; what lies beyond becomes their first
// or last second.

namespace rpixen {

/// "2026-11-27T08:15:00Z".
std::string rfc3339_time(std::int64_t seconds);

/// "2026-11-27", in UTC.
std::string rfc3339_date(std::int64_t seconds);

}  // namespace rpixen
