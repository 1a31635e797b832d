#include "fuzz/target.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen::fuzz {

void apk_installed(ByteView input) {
    PackageCollector found(PackageLimits().found);
    found.begin("apk");
    read_apk_installed(as_text(input), found);
    found.finish();
}

}  // namespace rpixen::fuzz
