#include "release/release_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace rpixen {
namespace {

constexpr std::int64_t first_second = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z

}  // namespace

std::string rfc3339_date(std::int64_t seconds) {
    const std::chrono::sys_seconds time(std::chrono::seconds(std::clamp(seconds, first_second, last_second)));
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

std::string rfc3339_time(std::int64_t seconds) {
    const std::chrono::sys_seconds time(std::chrono::seconds(std::clamp(seconds, first_second, last_second)));
    const std::chrono::hh_mm_ss clock(time - std::chrono::floor<std::chrono::days>(time));
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "T%02d:%02d:%02dZ", static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return rfc3339_date(seconds) + text.data();
}

}  // namespace rpixen
