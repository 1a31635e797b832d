#include <gtest/gtest.h>

#include "release/package_url.hpp"

namespace rpixen::test {
namespace {

InstalledPackage package(const std::string& manager, const std::string& name, const std::string& version,
                         const std::string& architecture) {
    InstalledPackage made;
    made.manager = manager;
    made.name = name;
    made.version = version;
    made.architecture = architecture;
    return made;
}

TEST(PackageUrl, OfEachPackageManager) {
    EXPECT_EQ(package_url(package("deb", "libstdc++6", "1:12.2.0-14~x", "arm64"), {"debian", "12", ""}),
              "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14~x?arch=arm64&distro=debian-12");
    EXPECT_EQ(package_url(package("apk", "musl", "1.2.4-r2", "aarch64"), {"alpine", "3.19.1", ""}),
              "pkg:apk/alpine/musl@1.2.4-r2?arch=aarch64&distro=alpine-3.19.1");
    EXPECT_EQ(package_url(package("rpm", "ImageMagick", "1:7.1-1.fc38", "aarch64"), {"Fedora", "38", ""}),
              "pkg:rpm/fedora/ImageMagick@7.1-1.fc38?arch=aarch64&distro=Fedora-38&epoch=1");
    EXPECT_EQ(package_url(package("opkg", "busybox", "1.36.1-r0", "cortexa72"), {"poky", "4.0", ""}),
              "pkg:generic/busybox@1.36.1-r0?arch=cortexa72&distro=poky-4.0");
}

TEST(PackageUrl, WithoutADistributionTheTypeIsGeneric) {
    EXPECT_EQ(package_url(package("deb", "a", "1", ""), {}), "pkg:generic/a@1");
    EXPECT_EQ(package_url(package("deb", "a", "1", "all"), {"debian", "", ""}),
              "pkg:deb/debian/a@1?arch=all&distro=debian");
}

TEST(PackageUrl, WhatHasAMeaningInItIsEncoded) {
    EXPECT_EQ(percent_encoded("a/b?c@d#e%f g\xc3\xa9"), "a%2Fb%3Fc%40d%23e%25f%20g%C3%A9");
    EXPECT_EQ(percent_encoded("A-Z.a_z~0:9"), "A-Z.a_z~0:9");
}

}  // namespace
}  // namespace rpixen::test
