#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "release/components.hpp"
#include "release/sample_release.hpp"

namespace rpixen::test {
namespace {

const Component& named(const std::vector<Component>& components, std::string_view name) {
    const auto found = std::find_if(components.begin(), components.end(),
                                    [&](const Component& component) { return component.name == name; });
    if (found == components.end()) throw std::runtime_error("no component " + std::string(name));
    return *found;
}

TEST(Components, VersionsAreNumbers) {
    const auto joined = [](std::string_view text) {
        const ProgramVersion version = program_version(text);
        return version.number + "|" + version.candidate;
    };
    EXPECT_EQ(joined("Xen 4.17.5"), "4.17.5|");
    EXPECT_EQ(joined("Xen 4.17.5-pre"), "4.17.5|");
    EXPECT_EQ(joined("Xen 4.19.0-rc2"), "4.19.0|rc2");
    EXPECT_EQ(joined("6.1.0-37-arm64"), "6.1.0|");
    EXPECT_EQ(joined("6.6.51+rpt-rpi-v8"), "6.6.51|");
    EXPECT_EQ(joined("6.12~rc6-1~exp1"), "6.12|rc6");
    EXPECT_EQ(joined("6.7.0-rc3-00042-gabcdef"), "6.7.0|rc3");
    EXPECT_EQ(joined("U-Boot 2023.01+dfsg-2+deb12u1 (Jul 02 2023 - 12:00:00 +0000)"), "2023.01|");
    EXPECT_EQ(joined("U-Boot 2024.01-rc3-g1234 (x)"), "2024.01|rc3");
    EXPECT_EQ(joined("2023.01."), "2023.01|");
    EXPECT_EQ(joined("v2 of nothing"), "|");
    EXPECT_EQ(joined(""), "|");
}

TEST(Components, WhatXenLinuxAndUBootAreCalledElsewhere) {
    const Components components = components_of(sample_release());
    const Component& xen = named(components.artifacts, "xen");
    EXPECT_EQ(xen.version, "4.17.5");
    EXPECT_EQ(xen.cpe, "cpe:2.3:o:xen:xen:4.17.5:*:*:*:*:*:*:*");
    EXPECT_EQ(xen.purl, "pkg:generic/xen@4.17.5");
    EXPECT_EQ(xen.licence, "GPL-2.0-only");
    const Component& uboot = named(components.artifacts, "u-boot");
    EXPECT_EQ(uboot.cpe, "cpe:2.3:a:denx:u-boot:2023.01:*:*:*:*:*:*:*");
    EXPECT_EQ(uboot.purl, "pkg:generic/u-boot@2023.01");
    const Component& firmware = named(components.artifacts, "raspberrypi-firmware");
    EXPECT_EQ(firmware.purl, "pkg:github/raspberrypi/firmware");
    EXPECT_EQ(firmware.version, "2023-04-05");
    EXPECT_EQ(firmware.sha256, "");  // a folder has none
}

TEST(Components, ADebianKernelHasTheNumberOfItsPackage) {
    ReleaseFacts facts = sample_release();
    EXPECT_EQ(named(components_of(facts).artifacts, "linux").cpe, "cpe:2.3:o:linux:linux_kernel:6.1.140:*:*:*:*:*:*:*");
    facts.packages[2].version = "1:6.1.77-1+rpt1";
    EXPECT_EQ(named(components_of(facts).artifacts, "linux").purl, "pkg:generic/linux@6.1.77");
    facts.packages[2].name += "-unsigned";
    EXPECT_EQ(named(components_of(facts).artifacts, "linux").version, "6.1.77");
    facts.packages[2].name = "linux-image-5.10";
    EXPECT_EQ(named(components_of(facts).artifacts, "linux").version, "6.1.0");
}

TEST(Components, AGuestsKernelIsLinuxWhereItSaysSo) {
    ReleaseFacts facts = sample_release();
    ReportArtifact kernel = facts.card.artifacts[1];
    kernel.role = "guest_kernel";
    kernel.version = "6.12.3";
    ReportArtifact other = kernel;
    other.version.clear();
    facts.card.artifacts = {kernel, other};
    const Components components = components_of(facts);
    EXPECT_EQ(components.artifacts.at(0).purl, "pkg:generic/linux@6.12.3");
    EXPECT_EQ(components.artifacts.at(1).purl, "");
    EXPECT_EQ(components.artifacts.at(1).type, "file");
}

TEST(Components, WithoutAVersionNothingIsMadeUp) {
    ReleaseFacts facts = sample_release();
    facts.card.artifacts[0].version.clear();
    const Component xen = named(components_of(facts).artifacts, "xen");
    EXPECT_EQ(xen.version, "");
    EXPECT_EQ(xen.cpe, "cpe:2.3:o:xen:xen:*:*:*:*:*:*:*:*");
    EXPECT_EQ(xen.purl, "pkg:generic/xen");
}

TEST(Components, ARoleThatIsNotKnownIsAFile) {
    ReleaseFacts facts = sample_release();
    facts.card.artifacts = {{"new", "in/thing/", "", "", 1, "none", ""}};
    const Components components = components_of(facts);
    EXPECT_EQ(components.artifacts.at(0).type, "file");
    EXPECT_EQ(components.artifacts.at(0).name, "thing");
}

TEST(Components, IdentifiersAreUniqueAndStay) {
    ReleaseFacts facts = sample_release();
    facts.card.artifacts.push_back(facts.card.artifacts.back());
    facts.packages.push_back(facts.packages.back());
    const Components components = components_of(facts);
    std::set<std::string> ids{components.distribution.id};
    for (const auto* list : {&components.artifacts, &components.packages})
        for (const Component& component : *list) {
            EXPECT_TRUE(ids.insert(component.id).second) << component.id;
            EXPECT_EQ(
                component.id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"),
                std::string::npos)
                << component.id;
        }
    facts.packages.erase(facts.packages.begin());
    facts.card.artifacts.erase(facts.card.artifacts.begin());
    const Components fewer = components_of(facts);
    EXPECT_EQ(fewer.packages[0].id, components.packages[1].id);
    EXPECT_EQ(fewer.artifacts[0].id, components.artifacts[1].id);
}

}  // namespace
}  // namespace rpixen::test
