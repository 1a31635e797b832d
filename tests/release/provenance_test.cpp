#include "release/provenance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/base64.hpp"

namespace rpixen::test {
namespace {

using Json = nlohmann::json;

ReleaseFacts facts() {
    ReleaseFacts facts;
    facts.name = "card";
    facts.manifest = R"({"manifest_version": 1, "artifacts": {"xen": "xen"}})";
    facts.tool_version = "0.1.0";
    facts.card.time = 1700000000;
    facts.card.artifacts = {{"xen", "xen", std::string(64, 'a'), "Xen 4.17.5", 9, "none", "/xen", false},
                            {"firmware", "firm\xffware", std::string(64, 'b'), "", 0, "none", "", true}};
    return facts;
}

const std::vector<ReleaseFile> subjects{{"card.img.zst", 5, std::string(64, '1')},
                                        {"card.img", 9, std::string(64, '2')}};

TEST(Provenance, Statement) {
    BuildParameters parameters;
    parameters.compress = "zst";
    const Json statement = Json::parse(provenance_statement(facts(), subjects, parameters));
    EXPECT_EQ(statement, Json::parse(R"({
      "_type": "https://in-toto.io/Statement/v1",
      "subject": [{"name": "card.img.zst", "digest": {"sha256": ")" +
                                     std::string(64, '1') + R"("}},
                  {"name": "card.img", "digest": {"sha256": ")" +
                                     std::string(64, '2') + R"("}}],
      "predicateType": "https://slsa.dev/provenance/v1",
      "predicate": {
        "buildDefinition": {
          "buildType": "urn:rpixen-img:compose:v1",
          "externalParameters": {"manifest": {"manifest_version": 1, "artifacts": {"xen": "xen"}}, "compress": "zst",
                                 "allow": [], "deny": []},
          "internalParameters": {"time": 1700000000},
          "resolvedDependencies": [
            {"name": "xen", "uri": "xen", "digest": {"sha256": ")" +
                                     std::string(64, 'a') + R"("},
             "annotations": {"version": "Xen 4.17.5"}},
            {"name": "firmware", "uri": "firm�ware", "digest": {"rpixenFolder1": ")" +
                                     std::string(64, 'b') + R"("}}]},
        "runDetails": {"builder": {"id": "urn:rpixen-img:builder:not-named", "version": {"rpixen-img": "0.1.0"}}}}})"));
}

TEST(Provenance, WhatWasAskedForIsExternal) {
    ReleaseFacts asked = facts();
    asked.url = "https://example.org/";
    const BuildParameters parameters{"https://example.org/builder", 5, {"a", "b"}, {"c"}, "xz"};
    const Json statement = Json::parse(provenance_statement(asked, subjects, parameters));
    const Json& external = statement["predicate"]["buildDefinition"]["externalParameters"];
    EXPECT_EQ(external["SOURCE_DATE_EPOCH"], 5);
    EXPECT_EQ(external["allow"], Json({"a", "b"}));
    EXPECT_EQ(external["deny"], Json({"c"}));
    EXPECT_EQ(external["compress"], "xz");
    EXPECT_EQ(external["url"], "https://example.org/");
    EXPECT_EQ(statement["predicate"]["runDetails"]["builder"]["id"], "https://example.org/builder");
}

// The example of the protocol's own text (github.com/secure-systems-lab/dsse, protocol.md).
TEST(Provenance, PreAuthenticationEncoding) {
    EXPECT_EQ(pre_authentication_encoding("http://example.com/HelloWorld", "hello world"),
              "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

class FixedSigner final : public Signer {
  public:
    Bytes sign(ByteView message, const std::string&) const override {
        signed_ = as_text(message);
        return to_bytes("signature");
    }
    std::string key_id() const override { return "key"; }
    mutable std::string signed_;
};

TEST(Provenance, EnvelopeAndItsWayBack) {
    const FixedSigner signer;
    const std::string line = envelope("{}", &signer);
    EXPECT_EQ(line, R"({"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":")" +
                        base64(as_bytes("signature")) +
                        R"(","keyid":"key"}]})"
                        "\n");
    EXPECT_EQ(signer.signed_, "DSSEv1 28 application/vnd.in-toto+json 2 {}");
    const auto found = parse_envelope(line);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->payload, "{}");
    EXPECT_EQ(found->payload_type, statement_type);
    EXPECT_THAT(found->signatures, testing::ElementsAre(to_bytes("signature")));
    EXPECT_TRUE(parse_envelope(envelope("{}", nullptr))->signatures.empty());
}

TEST(Provenance, SubjectsAreReadBack) {
    const auto found = subjects_of(provenance_statement(facts(), subjects, {}));
    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2U);
    EXPECT_EQ(found->back().name, "card.img");
    EXPECT_EQ(found->back().sha256, std::string(64, '2'));
}

TEST(Provenance, WhatIsNone) {
    for (const char* line : {"", "{}", "[]", "3", "{\"payload\":\"e30=\"}", "{\"payload\":\"?\",\"signatures\":[]}",
                             "{\"payload\":\"e30=\",\"signatures\":3}", "{\"payload\":3,\"signatures\":[]}"})
        EXPECT_FALSE(parse_envelope(line)) << line;
    for (const char* text : {"", "{}", "[]", "{\"_type\":\"https://in-toto.io/Statement/v1\"}",
                             "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":3}",
                             "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[3]}",
                             "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{}]}"})
        EXPECT_FALSE(subjects_of(text)) << text;
    EXPECT_FALSE(parse_envelope(std::string(1 << 20, '[')));
}

}  // namespace
}  // namespace rpixen::test
