#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "release/release_facts.hpp"

namespace rpixen {

/// The parts of a package URL (purl, ECMA-427) as they are before encoding; empty ones are left out.
struct PackageUrl {
    std::string_view type;
    std::string_view scope;  ///< its namespace: segments between slashes
    std::string_view name;
    std::string_view version;
    std::vector<std::pair<std::string_view, std::string>> qualifiers;  ///< sorted by key

    std::string text() const;
};

/// As a package URL has it: letters, digits, ".-_~" and ":" stay, every other byte becomes "%XX".
std::string percent_encoded(std::string_view text);

/// Of a package that a root file system has installed. opkg's have the type generic, as there is none of their own
/// and "openwrt" and "yocto" are only candidates; so have those of a distribution that does not say what it is.
std::string package_url(const InstalledPackage& package, const Distribution& distribution);

}  // namespace rpixen
