#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <rpixen/error.hpp>

namespace rpixen {

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;

/// a + b; throws Error{unfit} where the sum leaves 64 bits.
constexpr std::uint64_t checked_add(std::uint64_t a, std::uint64_t b) {
    if (a > std::numeric_limits<std::uint64_t>::max() - b)
        throw Error(ErrorCode::unfit, "a size leaves the range of 64 bits");
    return a + b;
}

/// a * b; throws Error{unfit} where the product leaves 64 bits.
constexpr std::uint64_t checked_multiply(std::uint64_t a, std::uint64_t b) {
    if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b)
        throw Error(ErrorCode::unfit, "a size leaves the range of 64 bits");
    return a * b;
}

constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t divisor) {
    return value / divisor + (value % divisor != 0);
}

/// The next multiple of `alignment` (any number > 0) that is not below `value`.
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
    return checked_multiply(divide_up(value, alignment), alignment);
}

constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t alignment) {
    return value - value % alignment;
}

/// A half-open range [begin, end) of bytes or addresses; never inverted.
struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;

    constexpr std::uint64_t size() const { return end - begin; }
    constexpr bool empty() const { return begin == end; }
    constexpr bool overlaps(const Range& other) const {
        return begin < other.end && other.begin < end && !empty() && !other.empty();
    }
    constexpr bool contains(const Range& other) const { return begin <= other.begin && other.end <= end; }
    friend bool operator==(const Range&, const Range&) = default;
};

/// Converts between integer types; throws Error{internal} where the value does not survive.
template <std::integral To, std::integral From>
constexpr To narrow(From value) {
    if (!std::in_range<To>(value)) throw Error(ErrorCode::internal, "an integer does not fit its type");
    return static_cast<To>(value);
}

/// "268435456", "256MiB", "2GiB", "64KiB"; nothing where the text is no size or leaves 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The largest binary unit that divides `bytes` exactly: 268435456 -> "256MiB", 1000 -> "1000 B".
std::string format_size(std::uint64_t bytes);

/// "0x480000", or decimal; nothing where the text is no such number.
std::optional<std::uint64_t> parse_address(std::string_view text);

/// "0x480000"
std::string format_address(std::uint64_t address);

}  // namespace rpixen
