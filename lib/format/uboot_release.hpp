#pragma once

#include <map>
#include <string>

namespace rpixen {

/// What a U-Boot binary says of itself.
struct UBootRelease {
    std::string banner;                              ///< "U-Boot 2023.01+dfsg-2 (...)"; empty: not known
    int year = 0;                                    ///< 2023; 0 where unknown
    int month = 0;                                   ///< 1
    std::map<std::string, std::string> environment;  ///< the embedded default one; empty where not found
};

}  // namespace rpixen
