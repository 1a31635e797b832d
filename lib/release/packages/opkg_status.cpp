#include "release/packages/control_stanzas.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen {
namespace {

InstalledPackage package_of(const ControlStanza& stanza, const std::string& control) {
    InstalledPackage package;
    package.manager = "opkg";
    package.name = stanza.package;
    package.version = stanza.version;
    package.architecture = stanza.architecture;
    for_each_stanza(control, [&](const ControlStanza& full) {
        if (full.package != stanza.package || full.version != stanza.version) return;  // of another one
        package.source = full.source;
        package.licence = full.licence;
        package.maintainer = full.maintainer;
    });
    return package;
}

}  // namespace

void read_opkg_status(std::string_view status, const std::function<std::string(std::string_view)>& control_of,
                      PackageCollector& found) {
    for_each_stanza(status, [&](const ControlStanza& stanza) {
        if (stanza.damaged || stanza.package.empty() || stanza.status.empty())
            found.damaged();
        else if (stanza.status.ends_with(" installed"))  // "install ok installed", "install user installed"
            found.add(package_of(stanza, control_of(stanza.package)));
    });
}

}  // namespace rpixen
