#include <string>

#include "fuzz/target.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen::fuzz {

/// The stanzas of dpkg's and opkg's status files and of a package's own control file.
void package_status(ByteView input) {
    const std::string_view text = as_text(input);
    PackageCollector found(PackageLimits().found);
    found.begin("dpkg");
    read_dpkg_status(text, found);
    found.begin("control");
    read_dpkg_control(text, found);
    found.begin("opkg");
    read_opkg_status(
        text, [&](std::string_view) { return std::string(text.substr(0, 1000)); }, found);
    found.finish();
}

}  // namespace rpixen::fuzz
