#include "law/generator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include <rpixen/manifest.hpp>

namespace rpixen::test {
namespace {

using nlohmann::json;

/// The names of all properties that a schema has anywhere.
void collect_properties(const json& schema, std::set<std::string>& names) {
    if (schema.is_array())
        for (const json& part : schema) collect_properties(part, names);
    if (!schema.is_object()) return;
    for (const auto& [key, value] : schema.items()) {
        if (key == "properties")
            for (const auto& [name, unused] : value.items()) names.insert(name);
        if (key != "default" && key != "examples") collect_properties(value, names);
    }
}

void collect_keys(const json& value, std::set<std::string>& names) {
    if (value.is_array())
        for (const json& part : value) collect_keys(part, names);
    if (!value.is_object()) return;
    for (const auto& [key, part] : value.items()) {
        names.insert(key);
        collect_keys(part, names);
    }
}

/// A key that the manifest grows is tried by the law as well, or this fails.
TEST(Generator, UsesEveryKeyOfTheManifest) {
    std::set<std::string> asked;
    collect_properties(json::parse(manifest_schema()), asked);
    ASSERT_THAT(asked, testing::IsSupersetOf({"manifest_version", "overlay_scratch", "sha256", "gid"}));
    std::set<std::string> used;
    for (std::uint64_t number = 0; number < 500; ++number) collect_keys(json::parse(generated_manifest(number)), used);
    EXPECT_THAT(used, testing::IsSupersetOf(asked));
}

TEST(Generator, GivesTheSameManifestForTheSameNumber) {
    EXPECT_EQ(generated_manifest(7), generated_manifest(7));
    EXPECT_NE(generated_manifest(7), generated_manifest(8));
}

}  // namespace
}  // namespace rpixen::test
