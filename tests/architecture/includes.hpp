#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace rpixen::test {

/// tests/architecture/rooms.txt as a value.
struct HouseRules {
    std::vector<std::string> rooms;                            ///< from the ground up
    std::map<std::string, std::set<std::string>> may_include;  ///< by room
    std::vector<std::string> system_headers;                   ///< a name, or a folder with '/' at its end
    std::map<std::string, std::vector<std::string>> foreign;   ///< a header's name or folder: where it may stand
};

/// Throws std::runtime_error for a line that is no rule, and for a room that names one above it.
HouseRules read_house_rules(const std::string& text);

/// Every include under root/lib and root/cli that breaks a rule: "lib/tree/x.cpp:3: ...". Sorted.
std::vector<std::string> find_violations(const std::filesystem::path& root, const HouseRules& rules);

}  // namespace rpixen::test
