#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include <rpixen/manifest.hpp>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

// The program itself, as a user starts it: what main() adds to run().

namespace rpixen {
namespace {

using test::run;

using testing::HasSubstr;
using testing::StartsWith;

const std::string program = RPIXEN_PROGRAM;

test::Run shell(const std::string& script) {
    return run({"sh", "-c", script, "sh", program});
}

TEST(Program, TellsItsVersionAndSchema) {
    const test::Run version = run({program, "--version"});
    EXPECT_EQ(version.status, 0);
    EXPECT_THAT(version.out, StartsWith("rpixen-img "));
    EXPECT_EQ(run({program, "schema"}).out, manifest_schema());
}

TEST(Program, TheSchemaReachesAFileThroughTheShell) {
    test::TemporaryFolder folder;
    EXPECT_EQ(shell("\"$1\" schema > '" + folder / "s.json" + "'").status, 0);
    EXPECT_EQ(test::read_file(folder / "s.json"), manifest_schema());
}

TEST(Program, AFullOrClosedStandardOutputIsAnError) {
    for (const char* script : {"\"$1\" schema > /dev/full", "\"$1\" schema >&-", "\"$1\" --version > /dev/full"}) {
        const test::Run result = shell(script);
        EXPECT_EQ(result.status, 6) << script;
        EXPECT_THAT(result.err, StartsWith("rpixen-img: error: cannot write to standard output; found ")) << script;
    }
}

TEST(Program, AReaderThatWentAwayEndsItQuietly) {
    test::TemporaryFolder folder;
    const std::string pipe = folder / "pipe";
    // Descriptor 4 is the writing end of a pipe whose only reader, descriptor 3, is closed.
    const test::Run result = shell("mkfifo '" + pipe + "' && exec 3<>'" + pipe + "' 4>'" + pipe +
                                   "' 3<&- && \"$1\" schema >&4");
    EXPECT_EQ(result.status, 6);
    EXPECT_EQ(result.err, "");
}

TEST(Program, AllMistakesOfAManifestAreLinesAndJson) {
    test::TemporaryFolder folder;
    const std::string manifest = folder.write("m.json", "{\n \"manifest_version\": 1,\n \"artefacts\": {}\n}");
    const test::Run lines = run({program, "compose", manifest, "-o", folder / "sdcard.img"});
    EXPECT_EQ(lines.status, 3);
    EXPECT_EQ(lines.out, "");
    EXPECT_THAT(lines.err, HasSubstr("rpixen-img: error: " + manifest + ":1:1: \"artifacts\" is missing; add it\n"));
    EXPECT_THAT(lines.err, HasSubstr("rpixen-img: error: " + manifest + ":3:2: /artefacts: unknown key"));
    const test::Run json = run({program, "plan", manifest, "--json"});
    EXPECT_EQ(json.status, 3);
    const auto error = nlohmann::json::parse(json.out).at("error");
    EXPECT_EQ(error.at("code"), "manifest");
    EXPECT_EQ(error.at("problems").size(), 2U);
    EXPECT_EQ(error["problems"][1]["line"], 3);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Program, EveryRuleHasAStory) {
    const auto rules = nlohmann::json::parse(run({program, "explain", "--json"}).out);
    EXPECT_GT(rules.size(), 10U);
    for (const auto& rule : rules)
        for (const char* text : {"title", "why", "story", "source"}) EXPECT_NE(rule.at(text), "") << rule.at("id");
    const test::Run story = run({program, "explain", rules[0].at("id").get<std::string>()});
    EXPECT_EQ(story.status, 0);
    EXPECT_THAT(story.out, HasSubstr(rules[0].at("title").get<std::string>()));
}

}  // namespace
}  // namespace rpixen
