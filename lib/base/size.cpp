#include "base/size.hpp"

#include <array>
#include <charconv>

namespace rpixen {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};
constexpr std::array<Unit, 4> units{{{"TiB", GiB * 1024}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB}}};

std::optional<std::uint64_t> parse_number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failure != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t factor = 1;
    for (const Unit& unit : units) {
        if (text.ends_with(unit.name)) {
            factor = unit.bytes;
            text.remove_suffix(unit.name.size());
            break;
        }
    }
    const auto value = parse_number(text, 10);
    if (!value || *value > std::numeric_limits<std::uint64_t>::max() / factor) return std::nullopt;
    return *value * factor;
}

std::string format_size(std::uint64_t bytes) {
    for (const Unit& unit : units)
        if (bytes != 0 && bytes % unit.bytes == 0) return std::to_string(bytes / unit.bytes) + std::string(unit.name);
    return std::to_string(bytes) + " B";
}

std::optional<std::uint64_t> parse_address(std::string_view text) {
    if (text.starts_with("0x") || text.starts_with("0X")) return parse_number(text.substr(2), 16);
    return parse_number(text, 10);
}

std::string format_address(std::uint64_t address) {
    std::array<char, 18> digits{'0', 'x'};
    const auto result = std::to_chars(digits.data() + 2, digits.data() + digits.size(), address, 16);
    return {digits.data(), result.ptr};
}

}  // namespace rpixen
