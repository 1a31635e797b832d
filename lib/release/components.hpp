#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "release/release_facts.hpp"

namespace rpixen {

/// Something that a card holds, as bills of materials list it. Texts are empty where nothing is known.
struct Component {
    std::string id;    ///< letters, digits, '-' and '.'; the same for the same thing in every release
    std::string type;  ///< a component type of CycloneDX 1.6: "operating-system", "firmware", "library", "file"
    std::string name;
    std::string version;    ///< as its makers number it: "4.17.5", where its own text says "Xen 4.17.5"
    std::string supplier;   ///< who hands it out
    std::string publisher;  ///< who maintains it
    std::string licence;    ///< an expression of SPDX, or a package database's own words (licence_expression() tells)
    std::string cpe;        ///< CPE 2.3 as a formatted string
    std::string purl;       ///< a package URL
    std::string sha256;     ///< of a file, as it lay there when the card was composed
    /// What no field of a bill has, by name: "role", "path", "packing", "says", "tree-sha256", ...
    std::vector<std::pair<std::string, std::string>> properties;
};

/// What a card holds: the inputs in the manifest's order, and below the root file system's distribution its packages.
struct Components {
    std::vector<Component> artifacts;
    Component distribution;
    std::vector<Component> packages;
};

Components components_of(const ReleaseFacts& facts);

/// The number in what a program says of itself, with its release candidate: "4.19.0" and "rc2" of "Xen 4.19.0-rc2",
/// "2023.01" of "U-Boot 2023.01+dfsg-2 (...)", "6.1.0" of "6.1.0-37-arm64". Both are empty where there is none.
struct ProgramVersion {
    std::string number;
    std::string candidate;
};
ProgramVersion program_version(std::string_view text);

}  // namespace rpixen
