#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace rpixen {

/// Users and groups of a root file system by name.
struct UserNames {
    std::map<std::string, std::uint32_t, std::less<>> users;
    std::map<std::string, std::uint32_t, std::less<>> groups;
};

/// Names and numbers of a passwd or group file ("name:x:number:..."; passwd(5), group(5)): the first line of
/// a name counts, lines of another form say nothing.
std::map<std::string, std::uint32_t, std::less<>> parse_names(std::string_view text);

}  // namespace rpixen
