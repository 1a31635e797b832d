#include "fuzz/target.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen::fuzz {

void rpm_header(ByteView input) {
    PackageCollector found(PackageLimits().found);
    found.begin("rpm");
    read_rpm_header(input, found);
    found.finish();
}

}  // namespace rpixen::fuzz
