#include "artifact/user_names.hpp"

#include <charconv>

namespace rpixen {

std::map<std::string, std::uint32_t, std::less<>> parse_names(std::string_view text) {
    std::map<std::string, std::uint32_t, std::less<>> names;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::size_t password = line.find(':');
        if (password == std::string_view::npos || password == 0) continue;
        const std::size_t number = line.find(':', password + 1);
        if (number == std::string_view::npos) continue;
        std::uint32_t id = 0;
        const char* begin = line.data() + number + 1;
        const char* line_end = line.data() + line.size();
        const auto [end, failure] = std::from_chars(begin, line_end, id);
        if (failure != std::errc{} || (end != line_end && *end != ':')) continue;
        names.emplace(line.substr(0, password), id);
    }
    return names;
}

}  // namespace rpixen
