#include "artifact/apple_double.hpp"

#include <algorithm>

namespace rpixen {

bool is_apple_double(std::string_view path, std::uint64_t size, ByteView start) {
    using namespace std::string_view_literals;
    constexpr std::uint64_t header = 26;
    constexpr std::string_view magic = "\0\x05\x16\x07"sv;
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    if (!name.starts_with("._") || size < header || start.empty()) return false;
    const std::size_t seen = std::min(start.size(), magic.size());
    return as_text(start.first(seen)) == magic.substr(0, seen);
}

}  // namespace rpixen
