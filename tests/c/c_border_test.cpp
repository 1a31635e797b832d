#include <gmock/gmock.h>

#include <filesystem>

#include <nlohmann/json.hpp>

#include "law/generator.hpp"
#include "law/stock.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class CBorder : public testing::Test {
  protected:
    CBorder() {
        test::write_stock(folder);
        folder.write("m.json", test::plain_manifest());
    }
    test::Run call(const std::string& verb, const json& request, const std::string& when_to_stop = {}) const {
        std::vector<std::string> words{RPIXEN_C_CALLER, verb,
                                       request.is_string() ? request.get<std::string>() : request.dump()};
        if (!when_to_stop.empty()) words.push_back(when_to_stop);
        return test::run(words);
    }
    json compose_request() const { return {{"manifest", folder / "m.json"}, {"output", folder / "card.img"}}; }

    test::TemporaryFolder folder;
};

TEST_F(CBorder, ComposesChecksInspectsAndVerifies) {
    json request = compose_request();
    request["report"] = folder / "card.json";
    request["digest_image"] = true;
    const test::Run composed = call("compose", request);
    ASSERT_EQ(composed.status, 0) << composed.err << composed.out;
    const json report = json::parse(composed.out);
    EXPECT_EQ(report["size"], std::filesystem::file_size(folder / "card.img"));
    EXPECT_EQ(report["image_sha256"].get<std::string>(),
              test::run({"sha256sum", folder / "card.img"}).out.substr(0, 64));
    EXPECT_THAT(composed.err, HasSubstr("progress: "));
    for (const json& artifact : report["artifacts"])
        EXPECT_EQ(artifact["sha256"].get<std::string>().size(), 64U) << artifact;

    EXPECT_EQ(call("check", {{"subject", folder / "card.img"}}).status, 0);
    EXPECT_EQ(call("check", {{"manifest", folder / "m.json"}}).status, 0);
    const test::Run inspected = call("inspect", {{"image", folder / "card.img"}});
    EXPECT_EQ(json::parse(inspected.out)["partitions"].size(), 2U);
    EXPECT_EQ(call("verify", {{"image", folder / "card.img"}, {"report", folder / "card.json"}}).status, 0);
    EXPECT_EQ(call("plan", {{"manifest", folder / "m.json"}}).status, 0);
    const json inputs = json::parse(call("inputs", {{"manifest", folder / "m.json"}}).out);
    EXPECT_EQ(inputs["key"].get<std::string>().size(), 64U);
    EXPECT_EQ(inputs["files"][0], folder / "m.json");
}

TEST_F(CBorder, FailuresAreStatusesAndDocuments) {
    const test::Run missing = call("plan", {{"manifest", folder / "none.json"}});
    EXPECT_EQ(missing.status, 3);
    EXPECT_EQ(json::parse(missing.out)["error"]["code"], "manifest");
    const test::Run wrong = call("compose", "{ \"manifets\": 1 }");
    EXPECT_EQ(wrong.status, 2);
    EXPECT_EQ(json::parse(wrong.out)["error"]["problems"].size(), 1U);
    json request = compose_request();
    request["output"] = folder / "no/such/folder/card.img";
    const test::Run unwritable = call("compose", request);
    EXPECT_EQ(unwritable.status, 6);
    EXPECT_EQ(json::parse(unwritable.out)["error"]["problems"][0]["system_error"], ENOENT);
    EXPECT_EQ(call("diagnose", {{"log", folder / "m.json"}}).status, 5);
}

TEST_F(CBorder, IsStoppedFromASignalHandler) {
    const test::Run stopped = call("compose", compose_request(), "stop");
    EXPECT_EQ(stopped.status, 130) << stopped.out;
    EXPECT_EQ(json::parse(stopped.out)["error"]["code"], "cancelled");
    EXPECT_FALSE(std::filesystem::exists(folder / "card.img"));
}

TEST_F(CBorder, MakesTheTasksOfAMatrix) {
    const json matrix = {{"matrix_version", 1},
                         {"manifest", "m.json"},
                         {"axes", {{"mem", {{"at", "/boot/dom0_mem"}, {"values", {"512MiB", "256MiB"}}}}}}};
    const json of_text = {{"matrix", folder / "no.json"}, {"text", matrix.dump()}, {"folder", folder / "tasks"}};
    const test::Run made = call("matrix", of_text);
    ASSERT_EQ(made.status, 0) << made.out;
    const json tasks = json::parse(made.out);
    ASSERT_EQ(tasks["tasks"].size(), 2U);
    EXPECT_EQ(json::parse(call("inputs", {{"manifest", folder / "tasks/0002.json"}}).out)["key"],
              tasks["tasks"][1]["key"]);

    const json of_file = {{"matrix", folder.write("x.json", matrix.dump())}, {"folder", folder / "others"}};
    const test::Run stopped = call("matrix", of_file, "early");
    EXPECT_EQ(stopped.status, 130) << stopped.out;
    EXPECT_FALSE(std::filesystem::exists(folder / "others"));
    EXPECT_EQ(call("matrix", of_file).status, 0);
    EXPECT_EQ(test::read_file(folder / "tasks/tasks.tsv"), test::read_file(folder / "others/tasks.tsv"));
    EXPECT_EQ(call("matrix", {{"matrix", folder / "x.json"}}).status, 2);
    EXPECT_EQ(call("matrix", {{"matrix", folder / "m.json"}, {"folder", folder / "tasks"}}).status, 3);
}

TEST_F(CBorder, FlashesOntoADiskAndNothingElse) {
    const test::Run listed = call("disks", json::object());
    ASSERT_EQ(listed.status, 0) << listed.out;
    EXPECT_TRUE(json::parse(listed.out)["disks"].is_array());
    EXPECT_EQ(call("disks", {{"all", true}}).status, 2);

    const std::string card = folder.write("card", std::string(4096, 'x'));
    for (const json& subject : {json{{"manifest", folder / "m.json"}}, json{{"subject", folder / "m.json"}}}) {
        json request = subject;
        request["device"] = card;
        request["insisted"] = true;
        const test::Run refused = call("flash", request);
        EXPECT_EQ(refused.status, 2) << refused.out;
        EXPECT_EQ(json::parse(refused.out)["error"]["problems"][0]["found"], "a regular file");
    }
    EXPECT_EQ(test::read_file(card), std::string(4096, 'x'));
}

TEST_F(CBorder, ProposesComparesAndReleases) {
    const test::Run proposed = call("propose", {{"folder", folder / ""}, {"manifest_folder", folder / ""}});
    ASSERT_EQ(proposed.status, 0) << proposed.out;
    const json proposal = json::parse(proposed.out);
    EXPECT_EQ(call("inputs", {{"manifest", {{"text", proposal["manifest"]}, {"folder", folder / ""}}}}).status, 0);

    const json text = {{"text", test::read_file(folder / "m.json")}, {"folder", folder / ""}};
    const test::Run compared = call("diff", {{"manifest_a", text}, {"b", folder / "m.json"}});
    ASSERT_EQ(compared.status, 0) << compared.out;
    EXPECT_EQ(json::parse(compared.out)["equal"], true);
    EXPECT_EQ(call("diff", {{"b", folder / "m.json"}}).status, 2);

    const json release = {{"manifest", folder / "m.json"}, {"folder", folder / "release"}, {"compress", "none"}};
    const test::Run stopped = call("release", release, "stop");
    EXPECT_EQ(stopped.status, 130) << stopped.out;
    EXPECT_FALSE(std::filesystem::exists(folder / "release"));
    ASSERT_EQ(call("release", release).status, 0);
    EXPECT_EQ(call("verify-release", {{"folder", folder / "release"}}).status, 0);
    EXPECT_EQ(call("watch-board", {{"device", folder / "m.json"}, {"timeout", 1}}).status, 6);
}

#ifndef RPIXEN_SANITIZED
TEST_F(CBorder, ServesPythonFromSeveralThreads) {
    const test::Run run = test::run({"python3", RPIXEN_CTYPES, RPIXEN_LIBRARY, folder / "m.json", folder / "card.img"});
    ASSERT_EQ(run.status, 0) << run.err;
    const json result = json::parse(run.out);
    EXPECT_EQ(result["statuses"], json({0, 0}));
    EXPECT_EQ(result["phases"], json({"reading", "writing", "examining", "verifying", "syncing"}));
    EXPECT_EQ(result["cancelled"], 130);
    EXPECT_EQ(result["why"], "cancelled");
    EXPECT_EQ(result["tasks"], json({"0001.json", "0002.json"}));
    EXPECT_EQ(result["refused"], 2);
    EXPECT_EQ(result["disks"], 0);
    EXPECT_EQ(test::read_file(folder / "card.img.one"), test::read_file(folder / "card.img.two"));
    EXPECT_FALSE(std::filesystem::exists(folder / "card.img"));
}
#endif

}  // namespace
}  // namespace rpixen
