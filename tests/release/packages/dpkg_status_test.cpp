#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "release/packages/package_readers.hpp"
#include "release/sample_release.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PackageList read(std::string_view status) {
    PackageCollector found(PackageLimits().found);
    found.begin("status");
    read_dpkg_status(status, found);
    return found.finish();
}

const std::string three = R"(Package: libc6
Status: install ok installed
Priority: optional
Section: libs
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: arm64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u10
Depends: libgcc-s1
Conffiles:
 /etc/ld.so.conf.d/aarch64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library: Shared libraries
 Contains the standard libraries.
 .
 Version: of no field

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1

package: bsdutils
STATUS: hold ok installed
Architecture: arm64
Source: util-linux (2.38.1-5+deb12u3)
Version: 1:2.38.1-5+deb12u3

)";

TEST(DpkgStatus, WhatIsInstalledIsListed) {
    const PackageList list = read(three);
    EXPECT_THAT(lines_of(list.packages),
                ElementsAre("deb bsdutils 1:2.38.1-5+deb12u3 arm64", "deb libc6 2.36-9+deb12u10 arm64"));
    EXPECT_EQ(list.packages[0].source, "util-linux");
    EXPECT_EQ(list.packages[0].source_version, "2.38.1-5+deb12u3");
    EXPECT_EQ(list.packages[1].source, "glibc");
    EXPECT_EQ(list.packages[1].source_version, "");
    EXPECT_EQ(list.packages[1].maintainer, "GNU Libc Maintainers <debian-glibc@lists.debian.org>");
    EXPECT_THAT(list.notes, IsEmpty());
}

TEST(DpkgStatus, StatesOtherThanInstalledAreLeftOut) {
    std::string status;
    for (const char* state : {"not-installed", "config-files", "half-installed", "unpacked", "half-configured",
                              "triggers-awaited", "triggers-pending", "installed"})
        status += std::string("Package: ") + state + "\nStatus: install ok " + state +
                  "\nArchitecture: all\nVersion: 1\n\n";
    const PackageList list = read(status);
    EXPECT_THAT(lines_of(list.packages),
                ElementsAre("deb installed 1 all", "deb triggers-awaited 1 all", "deb triggers-pending 1 all"));
    EXPECT_THAT(list.notes, ElementsAre("status: 3 packages are installed by half only, and are left out"));
}

TEST(DpkgStatus, DamagedStanzasAreLeftOutAndTold) {
    const std::string good = "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n";
    for (const std::string& bad : {
             std::string("Package: b\nStatus: install ok installed\nno field\nVersion: 1\n\n"),
             std::string("Package: b\nStatus: install ok installed\n\n"),
             std::string("Status: install ok installed\nVersion: 1\n\n"), std::string("Package: b\nVersion: 1\n\n"),
             std::string("Package: b b\nStatus: install ok installed\nVersion: 1\n\n"),
             std::string("Package: b\nStatus: install ok installed\nVersion: \x01\n\n"),
             std::string("Package: b\nStatus: install ok installed\nVersion: 1\nArchitecture: \xff\n\n"),
             "Package: b\nStatus: install ok installed\nVersion: " + std::string(300, '1') + "\n\n",
             std::string("Package: b\nStatus: install ok installed\nVersion: 1.2"),  // cut off
         }) {
        const PackageList list = read(good + bad);
        EXPECT_THAT(lines_of(list.packages), ElementsAre("deb a 1 all")) << bad;
        EXPECT_THAT(list.notes, ElementsAre("status: 1 record is damaged and left out")) << bad;
    }
}

TEST(DpkgStatus, TextForPeopleIsOneLineOfUtf8) {
    const PackageList list = read("Package: a\nStatus: install ok installed\nVersion: 1\nMaintainer: \x1b[31m\xff\n\n");
    ASSERT_EQ(list.packages.size(), 1U);
    EXPECT_EQ(list.packages[0].maintainer, R"(\x1b[31m\xff)");
}

TEST(DpkgStatus, AControlFileNeedsNoStatus) {
    PackageCollector found(PackageLimits().found);
    found.begin("status.d/base");
    read_dpkg_control("Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n", found);
    EXPECT_THAT(lines_of(found.finish().packages), ElementsAre("deb tzdata 2024a-0+deb12u1 all"));
}

/// "deb NAME VERSION ARCHITECTURE SOURCE VERSION" of what dpkg's own reader lists as installed, sorted.
std::vector<std::string> told_by_dpkg(const std::string& status) {
    const TemporaryFolder admin;
    admin.write("status", status);
    admin.write("available", "");
    std::istringstream told(run_ok(
        {"dpkg-query", "--admindir=" + admin.path().string(), "-W", "-f",
         "${db:Status-Status} deb ${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\\n"}));
    std::vector<std::string> lines;
    for (std::string line; std::getline(told, line);) {
        const std::string state = line.substr(0, line.find(' '));
        if (state == "installed" || state.starts_with("triggers-")) lines.push_back(line.substr(state.size() + 1));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::string> as_dpkg_tells(const std::vector<InstalledPackage>& packages) {
    std::vector<std::string> lines;
    for (const InstalledPackage& package : packages)
        lines.push_back("deb " + package.name + " " + package.version + " " + package.architecture + " " +
                        (package.source.empty() ? package.name : package.source) + " " +
                        (package.source_version.empty() ? package.version : package.source_version));
    std::sort(lines.begin(), lines.end());
    return lines;
}

TEST(DpkgStatus, DpkgQueryListsTheSame) {
    EXPECT_EQ(as_dpkg_tells(read(three).packages), told_by_dpkg(three));
}

TEST(DpkgStatus, DpkgQueryListsTheSameOfThisSystem) {
    const std::string status = read_file("/var/lib/dpkg/status");
    const PackageList list = read(status);
    EXPECT_GT(list.packages.size(), 100U);
    EXPECT_EQ(as_dpkg_tells(list.packages), told_by_dpkg(status));
}

}  // namespace
}  // namespace rpixen::test
