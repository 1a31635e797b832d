#include "devicetree/overlay.hpp"

#include <gmock/gmock.h>

#include "devicetree/dtc.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::dtc;
using test::old_board;
using test::tree_of;
using ::testing::HasSubstr;

const char* const by_path = R"(/dts-v1/; /plugin/;
/ {
    fragment@0 { target-path = "/chosen"; __overlay__ {
        #address-cells = <1>; #size-cells = <1>;
        dom0 { compatible = "xen,linux-zimage", "xen,multiboot-module"; reg = <0x480000 0xf80000>; };
    }; };
    fragment@1 { target-path = "/scb/pcie@7d500000"; __overlay__ { device_type = "pci"; }; };
};
)";

const char* const by_label = R"(/dts-v1/; /plugin/;
&uart1 { status = "okay"; };
&pcie0 { device_type = "pci"; link = <&uart1>; };
)";

std::string new_board() {
    std::string source = old_board;
    source.replace(source.find("scb {"), 5, "scb-bus@fc000000 {");
    source.replace(source.find("/scb/"), 5, "/scb-bus@fc000000/");
    return source;
}

Error refusal(const DeviceTree& base, const DeviceTree& overlay) {
    try {
        merge(base, overlay, "test.dtbo");
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error("not refused");
}

TEST(Merge, EqualsFdtoverlay) {
    const test::TemporaryFolder folder;
    for (const char* source : {by_path, by_label}) {
        const Bytes base = dtc(old_board, true);
        const Bytes overlay = dtc(source, true);
        const DeviceTree merged = merge(DeviceTree::parse(base, "b"), DeviceTree::parse(overlay, "o"), "o");
        test::run_ok({"fdtoverlay", "-i", folder.write("b.dtb", as_text(base)), "-o", folder / "m.dtb",
                      folder.write("o.dtbo", as_text(overlay))});
        const DeviceTree oracle = DeviceTree::parse(as_bytes(test::read_file(folder / "m.dtb")), "m");
        EXPECT_EQ(test::source_of(merged), test::source_of(oracle));
    }
}

TEST(Merge, LeavesItsInputsAlone) {
    const DeviceTree base = tree_of(old_board);
    const DeviceTree overlay = tree_of(by_path);
    const Bytes before = overlay.bytes();
    const DeviceTree merged = merge(base, overlay, "o");
    EXPECT_EQ(overlay.bytes(), before);
    EXPECT_FALSE(base.has("/chosen/dom0"));
    EXPECT_TRUE(merged.has("/chosen/dom0"));
    EXPECT_EQ(merged.used_size(), merged.bytes().size());
}

TEST(Merge, NamesTheMissingTargetAndWhatTheTreeHasInstead) {
    const Error error = refusal(tree_of(new_board()), tree_of(by_path));
    EXPECT_EQ(error.code(), ErrorCode::unfit);
    ASSERT_EQ(error.problems().size(), 1U);
    EXPECT_THAT(error.what(), HasSubstr("fragment@1"));
    EXPECT_THAT(error.what(), HasSubstr("/scb/pcie@7d500000"));
    EXPECT_THAT(error.what(), HasSubstr("scb-bus@fc000000"));
}

TEST(Merge, NamesMissingSymbols) {
    const Error error = refusal(tree_of(old_board), tree_of(by_label, true));
    EXPECT_EQ(error.code(), ErrorCode::unfit);
    EXPECT_EQ(error.problems().size(), 2U);
    EXPECT_THAT(error.what(), HasSubstr("dtc -@"));
    EXPECT_THAT(error.what(), HasSubstr("&pcie0"));
}

TEST(Merge, NamesAnUnknownLabelAndItsNeighbours) {
    const Error error = refusal(tree_of(old_board, true), tree_of("/dts-v1/; /plugin/; &pcie1 { a; };", true));
    EXPECT_THAT(error.what(), HasSubstr("&pcie1"));
    EXPECT_THAT(error.what(), HasSubstr("&pcie0"));
}

TEST(Merge, RefusesADeviceTreeAsOverlayAndTheReverse) {
    EXPECT_EQ(refusal(tree_of(old_board), tree_of(old_board)).code(), ErrorCode::unfit);
    EXPECT_EQ(refusal(tree_of(by_path), tree_of(by_path)).code(), ErrorCode::unfit);
}

TEST(Merge, FollowsAliasesInTargetPaths) {
    const DeviceTree overlay = tree_of(
        "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"pcie0\"; __overlay__ { device_type = \"pci\"; "
        "}; }; };");
    for (const std::string& board : {std::string(old_board), new_board()}) {
        const DeviceTree merged = merge(tree_of(board), overlay, "o");
        EXPECT_EQ(merged.string(merged.compatible_nodes("brcm,bcm2711-pcie").at(0), "device_type"), "pci");
    }
}

TEST(Fragments, SayHowTheyNameTheirTarget) {
    const auto paths = fragments(tree_of(by_path));
    ASSERT_EQ(paths.size(), 2U);
    EXPECT_EQ(paths[1].target_path, "/scb/pcie@7d500000");
    const auto labels = fragments(tree_of(by_label, true));
    ASSERT_EQ(labels.size(), 2U);
    EXPECT_EQ(labels[0].label, "uart1");
    EXPECT_EQ(labels[1].label, "pcie0");
}

}  // namespace
}  // namespace rpixen
