#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "release/packages/control_stanzas.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen {
namespace {

/// The last word of "install ok installed": what is really there (dpkg(1), "Package states").
std::string_view state_of(std::string_view status) {
    const std::size_t space = status.find_last_of(" \t");
    return space == std::string_view::npos ? status : status.substr(space + 1);
}

bool is_installed(std::string_view state) {
    constexpr std::array<std::string_view, 3> states{"installed", "triggers-awaited", "triggers-pending"};
    return std::find(states.begin(), states.end(), state) != states.end();
}

/// States of a package whose files may be there, though it is not set up.
bool is_halfway(std::string_view state) {
    constexpr std::array<std::string_view, 3> states{"half-installed", "unpacked", "half-configured"};
    return std::find(states.begin(), states.end(), state) != states.end();
}

InstalledPackage package_of(const ControlStanza& stanza) {
    InstalledPackage package;
    package.manager = "deb";
    package.name = stanza.package;
    package.version = stanza.version;
    package.architecture = stanza.architecture;
    package.maintainer = stanza.maintainer;
    // "glibc (2.36-9)"; without parentheses the version is the package's.
    const std::size_t open = std::min(stanza.source.find('('), stanza.source.size());
    package.source = trimmed(stanza.source.substr(0, open));
    const std::string_view version = stanza.source.substr(open);
    if (version.size() > 2 && version.back() == ')') package.source_version = version.substr(1, version.size() - 2);
    return package;
}

}  // namespace

void read_dpkg_status(std::string_view status, PackageCollector& found) {
    std::uint64_t halfway = 0;
    for_each_stanza(status, [&](const ControlStanza& stanza) {
        const std::string_view state = state_of(stanza.status);
        if (stanza.damaged || stanza.package.empty() || state.empty())
            found.damaged();
        else if (is_installed(state))
            found.add(package_of(stanza));
        else if (is_halfway(state))
            ++halfway;
    });
    if (halfway > 0) found.note(std::to_string(halfway) + " packages are installed by half only, and are left out");
}

void read_dpkg_control(std::string_view control, PackageCollector& found) {
    for_each_stanza(control, [&](const ControlStanza& stanza) {
        if (stanza.damaged)
            found.damaged();
        else
            found.add(package_of(stanza));
    });
}

}  // namespace rpixen
