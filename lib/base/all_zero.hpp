#pragma once

#include <cstring>

#include "base/bytes.hpp"

namespace rpixen {

inline bool all_zero(ByteView bytes) {
    return bytes.empty() ||
           (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace rpixen
