#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "law/generator.hpp"
#include "law/judgement.hpp"
#include "law/law.hpp"
#include "law/stock.hpp"

// The ways in which a manifest and its image were once judged differently, each with what is right.

namespace rpixen::test {

namespace {

using nlohmann::json;
using testing::Contains;
using testing::Field;
using testing::Not;

class Seen : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        folder_ = std::make_unique<TemporaryFolder>();
        write_stock(*folder_);
    }
    static void TearDownTestSuite() { folder_.reset(); }

    /// The plain manifest with this patch (RFC 7386) laid over it.
    void make(const std::string& patch) {
        json manifest = json::parse(plain_manifest());
        manifest.merge_patch(json::parse(patch));
        request_.manifest = folder_->write("seen.json", manifest.dump(2));
    }

    void expect_law_kept() {
        for (const std::string& line : breaches_of_law(request_, *folder_ / "seen.img")) ADD_FAILURE() << line;
    }

    Judgement judged() const { return judge_by_check(request_.manifest.path(), request_); }

    static auto says(const std::string& id) { return Contains(Field(&Verdict::id, id)); }

    static std::unique_ptr<TemporaryFolder> folder_;
    PlanRequest request_;
};

std::unique_ptr<TemporaryFolder> Seen::folder_;

/// Without this, none of the others would mean anything.
TEST_F(Seen, ThePlainManifestIsSoundAndKeepsTheLaw) {
    make("{}");
    expect_law_kept();
    EXPECT_EQ(judged().status, 0);
}

TEST_F(Seen, AConfigTxtFromFilesThatStartsThe32BitMode) {
    make(R"({"files": [{"partition": "boot", "source": "config-32-bit", "target": "/config.txt"}]})");
    expect_law_kept();
    EXPECT_THAT(judged().verdicts, says("config-not-64-bit"));
    EXPECT_EQ(judged().status, 5);
}

TEST_F(Seen, AUBootFromFilesThatIsNone) {
    make(R"({"files": [{"partition": "boot", "source": "eight-bytes", "target": "/u-boot.bin"}]})");
    expect_law_kept();
    EXPECT_EQ(judged().status, 5);
}

TEST_F(Seen, AnIncludedConfigFromFiles) {
    make(R"({"boot": {"config_txt": ["include extra.txt"]},
             "files": [{"partition": "boot", "source": "extra-32-bit", "target": "/extra.txt"}]})");
    expect_law_kept();
    EXPECT_THAT(judged().verdicts, says("config-not-64-bit"));
    EXPECT_THAT(judged().verdicts, Not(says("config-include-missing")));
}

TEST_F(Seen, AnArmstubFromFiles) {
    make(R"({"boot": {"config_txt": ["armstub=armstub8-gic.bin"]},
             "files": [{"partition": "boot", "source": "garbage", "target": "/armstub8-gic.bin"}]})");
    expect_law_kept();
    EXPECT_THAT(judged().verdicts, Not(says("armstub-missing")));
}

TEST_F(Seen, TheFirmwareFromFiles) {
    make(R"({"artifacts": {"firmware": null},
             "files": [{"partition": "boot", "source": "firmware/start4.elf", "target": "/start4.elf"},
                       {"partition": "boot", "source": "firmware/fixup4.dat", "target": "/fixup4.dat"}]})");
    expect_law_kept();
    EXPECT_THAT(judged().verdicts, Not(says("firmware-missing")));
    EXPECT_THAT(judged().verdicts, Not(says("firmware-incomplete")));
}

TEST_F(Seen, TheClassicScript) {
    make(R"({"boot": {"script": "classic"}})");
    expect_law_kept();
}

/// One id speaks against it, and allowing that one is enough.
TEST_F(Seen, AScratchAddressOverTheArmstub) {
    make(R"({"artifacts": {"firmware": "firmware-stub"},
             "boot": {"apply_overlays": "boot", "config_txt": ["armstub=armstub8-gic.bin"],
                      "addresses": {"overlay_scratch": "0x4000"}}})");
    expect_law_kept();
    EXPECT_THAT(judged().errors, testing::ElementsAre("load-over-armstub"));
    request_.allow = {"load-over-armstub"};
    EXPECT_EQ(judged().status, 0);
    expect_law_kept();
}

/// An initrd finds both; the kernel alone neither.
TEST_F(Seen, ThePrebuiltRootsOwnUuidAndLabel) {
    for (const std::string& root : {"UUID=" + std::string(prebuilt_uuid), std::string("LABEL=prebuilt")}) {
        make(R"({"artifacts": {"rootfs": "root.ext4", "initrd": "initrd"}, "image": {"root_partition": null},
                 "boot": {"bootargs": "console=hvc0 rootwait root=)" +
             root + "\"}}");
        expect_law_kept();
        EXPECT_EQ(judged().status, 0) << root;
    }
}

/// It loads dom0's kernel elsewhere than the plan does, and applies an overlay that says so.
TEST_F(Seen, ASoundBootScriptFromFiles) {
    make(R"({"files": [{"partition": "boot", "source": "moved.scr", "target": "/boot.scr"},
                       {"partition": "boot", "source": "recipe-moved.dtbo", "target": "/overlays/recipe-moved.dtbo"}]})");
    expect_law_kept();
    EXPECT_EQ(judged().status, 0);
}

TEST_F(Seen, ABootScriptFromFilesThatStartsNothing) {
    make(R"({"files": [{"partition": "boot", "source": "hello.scr", "target": "/boot.scr"}]})");
    expect_law_kept();
    EXPECT_THAT(judged().verdicts, says("script-never-boots"));
    EXPECT_EQ(judged().status, 5);
}

/// Clamped as the kernel does, with a note, where ext4 cannot hold them: 1901-12-13 to 2446-05-10.
TEST_F(Seen, TimesThatExt4CannotHold) {
    for (const char* tar : {"year-1.tar", "year-1601.tar", "year-1900.tar", "year-2500.tar"}) {
        make(R"({"artifacts": {"rootfs": ")" + std::string(tar) + "\"}}");
        expect_law_kept();
        EXPECT_EQ(judged().status, 0) << tar;
    }
}

/// The law would be easy to keep if hardly any of the generated manifests came to an image.
TEST_F(Seen, MostGeneratedManifestsAreJudged) {
    int judged_at_all = 0;
    int clean = 0;
    for (std::uint64_t number = 0; number < 60; ++number) {
        request_ = generated_request(number);
        request_.manifest = folder_->write("generated.json", generated_manifest(number));
        const Judgement judgement = judged();
        judged_at_all += judgement.failure.empty();
        clean += judgement.failure.empty() && judgement.status == 0;
    }
    EXPECT_GE(judged_at_all, 48);
    EXPECT_GE(clean, 15);
}

/// The oracle itself: it must see what differs.
TEST(Differences, AreTold) {
    Judgement one;
    one.verdicts = {{"a", Severity::error, "message", "found", ""}, {"b", Severity::note, "same", "", ""}};
    one.notes = {"not known"};
    Judgement two;
    two.verdicts = {{"a", Severity::error, "message", "otherwise", ""},
                    {"b", Severity::note, "same", "", ""},
                    {"b", Severity::note, "same", "", ""}};
    two.status = 5;
    EXPECT_THAT(differences("X", one, "X", one), testing::IsEmpty());
    EXPECT_THAT(differences("X", one, "Y", two),
                testing::ElementsAre(testing::StartsWith("words of a: X says error a: message | found found"),
                                     testing::StartsWith("only Y says note b: same"), "only X notes: not known",
                                     "status: X 0, Y 5"));
}

}  // namespace
}  // namespace rpixen::test
