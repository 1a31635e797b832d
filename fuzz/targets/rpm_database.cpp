#include "fuzz/target.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen::fuzz {

void rpm_database(ByteView input) {
    PackageCollector found(PackageLimits().found);
    found.begin("rpm");
    read_rpm_database(Bytes(input.begin(), input.end()), found);
    found.finish();
}

}  // namespace rpixen::fuzz
