#include "release/package_url.hpp"

#include "base/text.hpp"

namespace rpixen {
namespace {

bool stays(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           std::string_view(".-_~:").find(letter) != std::string_view::npos;
}

/// The version of an rpm without its epoch, which a package URL has as a qualifier.
struct RpmVersion {
    std::string_view epoch;
    std::string_view rest;
};

RpmVersion rpm_version(std::string_view version) {
    const std::size_t colon = version.find(':');
    if (colon == std::string_view::npos) return {{}, version};
    return {version.substr(0, colon), version.substr(colon + 1)};
}

std::string distro_of(const Distribution& distribution) {
    if (distribution.id.empty() || distribution.version.empty()) return distribution.id;
    return distribution.id + "-" + distribution.version;
}

}  // namespace

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char letter : text) {
        if (stays(letter))
            encoded += letter;
        else
            encoded += "%" + upper_case(hex_number(static_cast<unsigned char>(letter), 2));
    }
    return encoded;
}

std::string PackageUrl::text() const {
    std::string url = "pkg:" + std::string(type) + "/";
    if (!scope.empty()) url += percent_encoded(scope) + "/";
    url += percent_encoded(name);
    if (!version.empty()) url += "@" + percent_encoded(version);
    char separator = '?';
    for (const auto& [key, value] : qualifiers) {
        if (value.empty()) continue;
        url += separator + std::string(key) + "=" + percent_encoded(value);
        separator = '&';
    }
    return url;
}

std::string package_url(const InstalledPackage& package, const Distribution& distribution) {
    const std::string vendor = lower_case(distribution.id);
    const bool has_type = package.manager != "opkg" && !vendor.empty();
    // The types deb and apk have their names in lower case; rpm's keep theirs.
    const std::string name = has_type && package.manager != "rpm" ? lower_case(package.name) : package.name;
    const RpmVersion rpm = rpm_version(package.version);
    PackageUrl url;
    url.type = has_type ? std::string_view(package.manager) : "generic";
    if (has_type) url.scope = vendor;
    url.name = name;
    url.version = package.manager == "rpm" ? rpm.rest : std::string_view(package.version);
    url.qualifiers = {{"arch", package.architecture}, {"distro", distro_of(distribution)}};
    if (package.manager == "rpm") url.qualifiers.emplace_back("epoch", rpm.epoch);
    return url.text();
}

}  // namespace rpixen
