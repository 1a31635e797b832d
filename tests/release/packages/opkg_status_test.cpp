#include <gmock/gmock.h>

#include "release/packages/package_readers.hpp"
#include "release/sample_release.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As opkg 0.6 (Yocto) and OpenWrt's opkg write them.
const std::string status = R"(Package: busybox
Version: 1.36.1-r0
Depends: update-alternatives-opkg, libc6 (>= 2.38)
Status: install ok installed
Architecture: cortexa72
Conffiles:
 /etc/syslog.conf 41d2fc2bab7dc7b3c7cc3b2e5bf5cfe0
Installed-Time: 1700000000
Auto-Installed: yes

Package: base-files
Version: 1561-r23809
Status: install user installed
Architecture: aarch64_cortex-a72

Package: wanted
Version: 1
Status: install ok not-installed
Architecture: all

)";

TEST(OpkgStatus, WhatIsInstalledIsListedWithItsControlFile) {
    PackageCollector found(PackageLimits().found);
    found.begin("status");
    read_opkg_status(
        status,
        [](std::string_view name) {
            if (name != "busybox") return std::string("Package: other\nVersion: 1561-r23809\nLicense: MIT\n");
            return std::string(
                "Package: busybox\nVersion: 1.36.1-r0\nLicense: GPL-2.0-only & bzip2-1.0.4\n"
                "Source: busybox_1.36.1.bb\nMaintainer: Poky <poky@lists.yoctoproject.org>\n");
        },
        found);
    const PackageList list = found.finish();
    EXPECT_THAT(lines_of(list.packages),
                ElementsAre("opkg base-files 1561-r23809 aarch64_cortex-a72", "opkg busybox 1.36.1-r0 cortexa72"));
    EXPECT_EQ(list.packages[0].licence, "");
    EXPECT_EQ(list.packages[1].licence, "GPL-2.0-only & bzip2-1.0.4");
    EXPECT_EQ(list.packages[1].source, "busybox_1.36.1.bb");
    EXPECT_EQ(list.packages[1].maintainer, "Poky <poky@lists.yoctoproject.org>");
    EXPECT_THAT(list.notes, IsEmpty());
}

TEST(OpkgStatus, ADamagedStanzaIsTold) {
    PackageCollector found(PackageLimits().found);
    found.begin("status");
    read_opkg_status(
        "Package: a\nStatus: install ok installed\n\nPackage: b\nVersion: 1\n\n",
        [](std::string_view) { return std::string(); }, found);
    const PackageList list = found.finish();
    EXPECT_THAT(list.packages, IsEmpty());
    EXPECT_THAT(list.notes, ElementsAre("status: 2 records are damaged and left out"));
}

}  // namespace
}  // namespace rpixen::test
