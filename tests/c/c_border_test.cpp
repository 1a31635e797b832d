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
    test::Run call(const std::string& verb, const json& request, bool stop = false) const {
        std::vector<std::string> words{RPIXEN_C_CALLER, verb,
                                       request.is_string() ? request.get<std::string>() : request.dump()};
        if (stop) words.emplace_back("stop");
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
    const test::Run stopped = call("compose", compose_request(), true);
    EXPECT_EQ(stopped.status, 130) << stopped.out;
    EXPECT_EQ(json::parse(stopped.out)["error"]["code"], "cancelled");
    EXPECT_FALSE(std::filesystem::exists(folder / "card.img"));
}

TEST_F(CBorder, ServesPythonFromSeveralThreads) {
    const test::Run run = test::run({"python3", RPIXEN_CTYPES, RPIXEN_LIBRARY, folder / "m.json", folder / "card.img"});
    ASSERT_EQ(run.status, 0) << run.err;
    const json result = json::parse(run.out);
    EXPECT_EQ(result["statuses"], json({0, 0}));
    EXPECT_EQ(result["phases"], json({"reading", "writing", "examining", "verifying", "syncing"}));
    EXPECT_EQ(result["cancelled"], 130);
    EXPECT_EQ(result["why"], "cancelled");
    EXPECT_EQ(test::read_file(folder / "card.img.one"), test::read_file(folder / "card.img.two"));
    EXPECT_FALSE(std::filesystem::exists(folder / "card.img"));
}

}  // namespace
}  // namespace rpixen
