#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <rpixen/diagnostic.hpp>

namespace rpixen::test {

inline std::set<std::string> ids(const std::vector<Diagnostic>& diagnostics) {
    std::set<std::string> found;
    for (const Diagnostic& diagnostic : diagnostics) found.insert(diagnostic.id);
    return found;
}

/// A rule, and what else is found where it is provoked.
inline std::set<std::string> with_company(const std::map<std::string, std::set<std::string>>& company,
                                          const std::string& id) {
    std::set<std::string> all{id};
    if (const auto others = company.find(id); others != company.end())
        all.insert(others->second.begin(), others->second.end());
    return all;
}

}  // namespace rpixen::test
