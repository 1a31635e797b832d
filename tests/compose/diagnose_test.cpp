#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include <rpixen/compose.hpp>

#include "support/artifact_kit.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Diagnose : public testing::Test {
  protected:
    /// A card that asks for more memory than any board has.
    std::string card() {
        auto manifest = nlohmann::json::parse(test::read_file(kit_.manifest()));
        manifest["boot"]["dom0_mem"] = "8GiB";
        folder_.write("manifest.json", manifest.dump());
        ComposeRequest request;
        request.manifest = kit_.manifest();
        request.output = folder_ / "sdcard.img";
        request.allow = {"dom0-mem-impossible"};
        request.sync = false;
        compose(request);
        return request.output;
    }

    test::TemporaryFolder folder_;
    test::ArtifactKit kit_{folder_};
    std::string log_ = folder_.write("serial.log",
                                     "(XEN) Xen version 4.17.7\r\n(XEN) Panic on CPU 0:\r\n"
                                     "(XEN) Failed to allocate requested dom0 memory. 7312MB unallocated\r\n");
};

TEST_F(Diagnose, the_cards_finding_confirms_what_the_log_shows) {
    const std::string image = card();
    const Diagnosis diagnosis = diagnose({log_, image});
    EXPECT_EQ(diagnosis.reading.failed, BootStage::dom0_kernel);
    EXPECT_THAT(diagnosis.confirmed, ElementsAre("dom0-mem-impossible"));
    EXPECT_EQ(diagnosis.reading.rules.front(), "dom0-mem-impossible");
    const auto finding = std::ranges::find(diagnosis.findings, "dom0-mem-impossible", &Diagnostic::id);
    ASSERT_NE(finding, diagnosis.findings.end());
    EXPECT_EQ(diagnosis.reading.change, finding->change);
    EXPECT_THAT(diagnosis.text(), HasSubstr("dom0-mem-impossible is what the log shows"));

    const auto json = nlohmann::json::parse(diagnosis.json());
    EXPECT_EQ(json.at("reached"), "xen");
    EXPECT_EQ(json.at("failed"), "dom0-kernel");
    EXPECT_EQ(json.at("line"), 3);
    EXPECT_EQ(json.at("rule"), "dom0-mem-impossible");
    EXPECT_EQ(json.at("confirmed"), nlohmann::json::array({"dom0-mem-impossible"}));
    EXPECT_EQ(json.at("image"), image);
    EXPECT_EQ(json.at("diagnostics").size(), diagnosis.findings.size());
    EXPECT_EQ(json.at("stages"), nlohmann::json::parse(R"([{"stage": "xen", "line": 1}])"));
}

TEST_F(Diagnose, without_a_card_the_log_speaks_alone) {
    const Diagnosis diagnosis = diagnose({log_, ""});
    EXPECT_EQ(diagnosis.reading.rules.size(), 3U);
    EXPECT_THAT(diagnosis.findings, testing::IsEmpty());
    EXPECT_TRUE(nlohmann::json::parse(diagnosis.json()).at("image").is_null());
}

TEST_F(Diagnose, a_finding_that_the_log_does_not_show_confirms_nothing) {
    folder_.write("serial.log",
                  "(XEN) Xen version 4.17.7\r\n(XEN) Panic on CPU 0:\r\n(XEN) node x missing `reg' property\r\n");
    const Diagnosis diagnosis = diagnose({log_, card()});
    EXPECT_THAT(diagnosis.confirmed, testing::IsEmpty());
    EXPECT_EQ(diagnosis.reading.rules.front(), "module-without-reg");
    EXPECT_FALSE(diagnosis.findings.empty());
}

}  // namespace
}  // namespace rpixen
