#include <gmock/gmock.h>

#include <set>

#include <nlohmann/json.hpp>

#include "release/cyclonedx.hpp"
#include "release/sample_release.hpp"

// What CycloneDX' schema does not ask for; tests/release/oracles holds documents against the schema.

namespace rpixen::test {
namespace {

using Json = nlohmann::json;

Json parsed(const ReleaseFacts& facts) {
    return Json::parse(cyclonedx_json(facts));
}

Json named(const Json& document, const std::string& name) {
    for (const Json& component : document["components"])
        if (component["name"] == name) return component;
    throw std::runtime_error("no component " + name);
}

TEST(CycloneDx, TheDocumentIsAboutTheImage) {
    const Json document = parsed(sample_release());
    EXPECT_EQ(document["bomFormat"], "CycloneDX");
    EXPECT_EQ(document["specVersion"], "1.6");
    EXPECT_EQ(document["version"], 1);
    EXPECT_THAT(document["serialNumber"].get<std::string>(),
                testing::MatchesRegex("urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_EQ(document["metadata"], Json::parse(R"({"timestamp": "2023-11-14T22:13:20Z",
        "tools": {"components": [{"type": "application", "name": "rpixen-img", "version": "0.1.0"}]},
        "component": {"type": "operating-system", "bom-ref": "image", "name": "dom0 image",
                      "hashes": [{"alg": "SHA-256", "content": ")" +
                                                std::string(64, 'a') + R"("}]}})"));
}

TEST(CycloneDx, TheSerialNumberFollowsTheImage) {
    ReleaseFacts facts = sample_release();
    const std::string first = parsed(facts)["serialNumber"];
    facts.url.clear();
    EXPECT_EQ(parsed(facts)["serialNumber"], first);
    facts.image.sha256[0] = 'f';
    EXPECT_NE(parsed(facts)["serialNumber"], first);
}

TEST(CycloneDx, EveryComponentIsReachedFromTheImage) {
    const ReleaseFacts facts = sample_release();
    const Json document = parsed(facts);
    EXPECT_EQ(document["components"].size(), 1 + facts.card.artifacts.size() + facts.packages.size());
    std::set<std::string> reached{"image"};
    for (const Json& row : document["dependencies"]) {
        EXPECT_TRUE(reached.count(row["ref"])) << row["ref"];
        for (const Json& reference : row["dependsOn"]) EXPECT_TRUE(reached.insert(reference).second) << reference;
    }
    for (const Json& component : document["components"]) EXPECT_TRUE(reached.count(component["bom-ref"])) << component;
    EXPECT_EQ(reached.size(), document["components"].size() + 1);
}

TEST(CycloneDx, AnArtifactHasItsDigestVersionLicenceAndNames) {
    EXPECT_EQ(named(parsed(sample_release()), "linux"),
              Json::parse(R"({
        "type": "operating-system", "bom-ref": ")" +
                          named(parsed(sample_release()), "linux")["bom-ref"].get<std::string>() + R"(",
        "supplier": {"name": "The Linux Kernel Organization"}, "name": "linux", "version": "6.1.140",
        "hashes": [{"alg": "SHA-256", "content": ")" +
                          std::string(63, '1') + R"(a"}],
        "licenses": [{"expression": "GPL-2.0-only WITH Linux-syscall-note"}],
        "cpe": "cpe:2.3:o:linux:linux_kernel:6.1.140:*:*:*:*:*:*:*", "purl": "pkg:generic/linux@6.1.140",
        "properties": [{"name": "rpixen:role", "value": "kernel"}, {"name": "rpixen:path", "value": "in/vmlinuz"},
                       {"name": "rpixen:name-on-card", "value": "/Image"}, {"name": "rpixen:says", "value": "6.1.0-37-arm64"},
                       {"name": "rpixen:packing", "value": "gzip"}]})"));
}

TEST(CycloneDx, APackageHasWhatItsDatabaseSays) {
    const Json document = parsed(sample_release());
    const Json login = named(document, "login");
    EXPECT_EQ(login["type"], "library");
    EXPECT_EQ(login["version"], "1:4.13+dfsg1-1");
    EXPECT_EQ(login["purl"], "pkg:deb/debian/login@1:4.13%2Bdfsg1-1?arch=arm64&distro=debian-12");
    EXPECT_EQ(login["supplier"]["name"], "Debian GNU/Linux 12 (bookworm)");
    EXPECT_FALSE(login.contains("licenses"));
    EXPECT_FALSE(login.contains("hashes"));
    EXPECT_EQ(named(document, "musl")["publisher"], "Somebody <s@example.org>");
    EXPECT_EQ(named(document, "busybox")["licenses"],
              Json::parse(R"([{"license": {"name": "GPL-2.0-only & bzip2-1.0.4"}}])"));
    EXPECT_EQ(named(document, "bash")["licenses"], Json::parse(R"([{"expression": "GPL-3.0-or-later"}])"));
}

TEST(CycloneDx, WhatCouldNotBeReadIsSaid) {
    ReleaseFacts facts = sample_release();
    EXPECT_FALSE(parsed(facts).contains("compositions"));
    facts.package_notes = {"/var/lib/rpm/Packages: not read"};
    const Json document = parsed(facts);
    EXPECT_EQ(document["compositions"][0]["aggregate"], "incomplete");
    EXPECT_EQ(document["compositions"][0]["assemblies"], Json::array({named(document, "debian")["bom-ref"]}));
    EXPECT_EQ(document["properties"][0]["value"], "/var/lib/rpm/Packages: not read");
}

}  // namespace
}  // namespace rpixen::test
