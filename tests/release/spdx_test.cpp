#include <gmock/gmock.h>

#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "release/sample_release.hpp"
#include "release/spdx.hpp"

// What SPDX's schema does not ask for; tests/release/oracles holds documents against the schema.

namespace rpixen::test {
namespace {

using Json = nlohmann::json;

Json parsed(const ReleaseFacts& facts) {
    return Json::parse(spdx_json(facts));
}

Json named(const Json& document, const std::string& name) {
    for (const Json& package : document["packages"])
        if (package["name"] == name) return package;
    throw std::runtime_error("no package " + name);
}

/// "FROM HOW TO", identifiers replaced by names.
std::set<std::string> relationships(const Json& document) {
    std::map<std::string, std::string> names{{"SPDXRef-DOCUMENT", "document"}};
    for (const Json& package : document["packages"]) names[package["SPDXID"]] = package["name"];
    std::set<std::string> lines;
    for (const Json& row : document["relationships"])
        lines.insert(names.at(row["spdxElementId"]) + " " + row["relationshipType"].get<std::string>() + " " +
                     names.at(row["relatedSpdxElement"]));
    return lines;
}

TEST(Spdx, TheDocumentHasWhatTheSpecificationAsksFor) {
    const Json document = parsed(sample_release());
    EXPECT_EQ(document["spdxVersion"], "SPDX-2.3");
    EXPECT_EQ(document["dataLicense"], "CC0-1.0");
    EXPECT_EQ(document["SPDXID"], "SPDXRef-DOCUMENT");
    EXPECT_EQ(document["creationInfo"]["created"], "2023-11-14T22:13:20Z");
    EXPECT_EQ(document["creationInfo"]["creators"], Json::array({"Tool: rpixen-img-0.1.0"}));
    EXPECT_THAT(
        document["documentNamespace"].get<std::string>(),
        testing::MatchesRegex(
            "https://spdx.org/spdxdocs/dom0%20image-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"));
}

TEST(Spdx, TheNamespaceFollowsTheImage) {
    ReleaseFacts facts = sample_release();
    const std::string first = parsed(facts)["documentNamespace"];
    facts.url = "https://elsewhere.example/";
    EXPECT_EQ(parsed(facts)["documentNamespace"], first);
    facts.image.sha256 = std::string(64, 'c');
    EXPECT_NE(parsed(facts)["documentNamespace"], first);
}

TEST(Spdx, EverythingIsRelated) {
    const ReleaseFacts facts = sample_release();
    const std::set<std::string> lines = relationships(parsed(facts));
    EXPECT_THAT(lines,
                testing::IsSupersetOf(
                    {"document DESCRIBES dom0 image.img", "dom0 image.img EXPANDED_FROM_ARCHIVE dom0 image.img.zst",
                     "dom0 image.img CONTAINS xen", "dom0 image.img CONTAINS linux", "dom0 image.img CONTAINS u-boot",
                     "dom0 image.img CONTAINS raspberrypi-firmware", "dom0 image.img CONTAINS rootfs.tar.zst",
                     "dom0 image.img CONTAINS debian", "debian CONTAINS libc6", "debian CONTAINS bash"}));
    // One for the document, the download and the distribution, one for each input and package.
    EXPECT_EQ(parsed(facts)["relationships"].size(), 3 + facts.card.artifacts.size() + facts.packages.size());
    EXPECT_EQ(parsed(facts)["packages"].size(), 3 + facts.card.artifacts.size() + facts.packages.size());
}

TEST(Spdx, NoPackageHasAnalysedFiles) {
    const Json document = parsed(sample_release());
    for (const Json& package : document["packages"]) {
        EXPECT_EQ(package["filesAnalyzed"], false) << package;
        EXPECT_FALSE(package.contains("packageVerificationCode")) << package;
        for (const char* key :
             {"SPDXID", "name", "downloadLocation", "licenseConcluded", "licenseDeclared", "copyrightText", "supplier"})
            EXPECT_TRUE(package.contains(key)) << key << " of " << package;
    }
}

TEST(Spdx, AnArtifactHasItsDigestVersionLicenceAndNames) {
    const Json xen = named(parsed(sample_release()), "xen");
    EXPECT_EQ(xen["versionInfo"], "4.17.5");
    EXPECT_EQ(xen["checksums"],
              Json::parse(R"([{"algorithm": "SHA256", "checksumValue": ")" + std::string(63, '1') + R"(d"}])"));
    EXPECT_EQ(xen["licenseDeclared"], "GPL-2.0-only");
    EXPECT_EQ(xen["supplier"], "Organization: Xen Project");
    EXPECT_EQ(xen["externalRefs"], Json::parse(R"([
        {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:o:xen:xen:4.17.5:*:*:*:*:*:*:*"},
        {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:generic/xen@4.17.5"}])"));
    EXPECT_THAT(xen["comment"].get<std::string>(),
                testing::HasSubstr("path: in/xen.gz\nname-on-card: /xen-raspberrypi4-64\nsays: Xen 4.17.5"));
}

TEST(Spdx, AFoldersDigestIsNoChecksum) {
    const Json firmware = named(parsed(sample_release()), "raspberrypi-firmware");
    EXPECT_FALSE(firmware.contains("checksums"));
    EXPECT_THAT(firmware["comment"].get<std::string>(), testing::HasSubstr("tree-sha256: 1111"));
}

TEST(Spdx, LicencesAreExpressionsOrExplained) {
    const Json document = parsed(sample_release());
    EXPECT_EQ(named(document, "bash")["licenseDeclared"], "GPL-3.0-or-later");
    EXPECT_EQ(named(document, "libc6")["licenseDeclared"], "NOASSERTION");
    const std::string reference = named(document, "busybox")["licenseDeclared"];
    EXPECT_THAT(reference, testing::MatchesRegex("LicenseRef-[0-9a-f]{16}"));
    std::map<std::string, std::string> explained;
    for (const Json& licence : document["hasExtractedLicensingInfos"])
        explained[licence["licenseId"]] = licence["extractedText"];
    EXPECT_EQ(explained.at(reference), "GPL-2.0-only & bzip2-1.0.4");
    EXPECT_EQ(explained.size(), 2U);  // the firmware's too
}

TEST(Spdx, AnImageThatIsNotPackedIsTheDownload) {
    ReleaseFacts facts = sample_release();
    EXPECT_EQ(named(parsed(facts), "dom0 image.img")["downloadLocation"], "NOASSERTION");
    EXPECT_EQ(named(parsed(facts), "dom0 image.img.zst")["downloadLocation"],
              "https://example.org/cards/dom0%20image.img.zst");
    EXPECT_EQ(named(parsed(facts), "dom0 image.img.zst")["checksums"][0]["checksumValue"], std::string(64, 'b'));
    facts.download = facts.image;
    EXPECT_EQ(named(parsed(facts), "dom0 image.img")["downloadLocation"], "https://example.org/cards/dom0%20image.img");
    facts.url.clear();
    EXPECT_EQ(named(parsed(facts), "dom0 image.img")["downloadLocation"], "NOASSERTION");
    EXPECT_EQ(parsed(facts)["packages"].size(), 2 + facts.card.artifacts.size() + facts.packages.size());
}

TEST(Spdx, WhatCouldNotBeReadIsSaid) {
    ReleaseFacts facts = sample_release();
    EXPECT_FALSE(parsed(facts).contains("comment"));
    facts.package_notes = {"/var/lib/rpm/Packages: not read"};
    EXPECT_EQ(parsed(facts)["comment"], "The list of packages may be incomplete.\n/var/lib/rpm/Packages: not read");
}

TEST(Spdx, BytesThatAreNoUtf8AreMended) {
    ReleaseFacts facts = sample_release();
    facts.card.artifacts[9].path = "in/\xff";
    EXPECT_NO_THROW(parsed(facts));
}

}  // namespace
}  // namespace rpixen::test
