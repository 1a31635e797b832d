#include "card/identifier.hpp"

#include <charconv>

namespace rpixen {
namespace {

template <typename Integer>
std::optional<Integer> parse_hex(std::string_view text) {
    Integer value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string format_volume_id(std::uint32_t id) {
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string text;
    for (int shift = 28; shift >= 0; shift -= 4) {
        if (shift == 12) text += '-';
        text += digits[(id >> shift) & 0xf];
    }
    return text;
}

std::optional<std::uint32_t> parse_volume_id(std::string_view text) {
    if (text.size() != 9 || text[4] != '-') return std::nullopt;
    const auto high = parse_hex<std::uint32_t>(text.substr(0, 4));
    const auto low = parse_hex<std::uint32_t>(text.substr(5));
    if (!high || !low) return std::nullopt;
    return *high << 16 | *low;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    Uuid uuid{};
    if (text.size() != 36) return std::nullopt;
    std::size_t index = 0;
    for (std::size_t place = 0; place < text.size();) {
        if (place == 8 || place == 13 || place == 18 || place == 23) {
            if (text[place++] != '-') return std::nullopt;
            continue;
        }
        const auto byte = parse_hex<std::uint8_t>(text.substr(place, 2));
        if (!byte) return std::nullopt;
        uuid[index++] = std::byte{*byte};
        place += 2;
    }
    return uuid;
}

}  // namespace rpixen
