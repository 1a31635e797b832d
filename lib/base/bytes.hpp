#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rpixen {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

/// Little-endian and big-endian integers at any (unaligned) place. The caller has checked the bounds.
template <typename Integer>
Integer load_le(const std::byte* place) {
    Integer value = 0;
    for (std::size_t index = sizeof(Integer); index-- > 0;)
        value = static_cast<Integer>(static_cast<Integer>(value << 7 << 1) | std::to_integer<Integer>(place[index]));
    return value;
}
template <typename Integer>
Integer load_be(const std::byte* place) {
    Integer value = 0;
    for (std::size_t index = 0; index < sizeof(Integer); ++index)
        value = static_cast<Integer>(static_cast<Integer>(value << 7 << 1) | std::to_integer<Integer>(place[index]));
    return value;
}
template <typename Integer>
void store_le(std::byte* place, Integer value) {
    for (std::size_t index = 0; index < sizeof(Integer); ++index)
        place[index] = static_cast<std::byte>((value >> (8 * index)) & 0xff);
}
template <typename Integer>
void store_be(std::byte* place, Integer value) {
    for (std::size_t index = 0; index < sizeof(Integer); ++index)
        place[sizeof(Integer) - 1 - index] = static_cast<std::byte>((value >> (8 * index)) & 0xff);
}

}  // namespace rpixen
