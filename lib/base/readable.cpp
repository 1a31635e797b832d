#include "base/readable.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace rpixen {

std::string fixed(double value, int digits) {
    std::array<char, 400> text{};  // the largest double has 309 digits
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits);
    return {text.data(), result.ptr};
}

std::string rounded_size(std::uint64_t bytes) {
    static constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1000 && unit + 1 < units.size(); ++unit) value /= 1024;
    const int digits = unit == 0 ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0;
    return fixed(value, digits) + " " + units[unit];
}

std::string utc_time(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    if (!::gmtime_r(&time, &parts)) return std::to_string(seconds);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    return {text.data(), length};
}

}  // namespace rpixen
