#include "boot/overlays.hpp"

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"
#include "devicetree/dtc.hpp"
#include "devicetree/slack.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using test::bytes_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string new_board(bool device_type) {
    std::string source = test::old_board;
    source.replace(source.find("scb {"), 5, "scb-bus@fc000000 {");
    source.replace(source.find("/scb/"), 5, "/scb-bus@fc000000/");
    if (device_type) source.replace(source.find("compatible = \"brcm,bcm2711-pcie\";"), 0, "device_type = \"pci\"; ");
    return source;
}

/// The 4.19-era overlay as others ship it.
const char* const old_overlay = R"(/dts-v1/; /plugin/;
/ {
    compatible = "brcm,bcm2711";
    fragment@0 { target-path = "/chosen"; __overlay__ {
        #address-cells = <1>; #size-cells = <1>;
        xen,xen-bootargs = "console=dtuart dom0_mem=1024M";
        dom0 { compatible = "xen,linux-zimage", "xen,multiboot-module"; reg = <0x480000 0xf80000>; };
    }; };
    fragment@1 { target-path = "/scb/pcie@7d500000"; __overlay__ { device_type = "pci"; }; };
};
)";

class BuiltIn : public ::testing::TestWithParam<std::tuple<int, bool, OverlayMoment>> {};

TEST_P(BuiltIn, ServesEveryTree) {
    const auto& [which, symbols, moment] = GetParam();
    BootInputs inputs;
    inputs.set_tree(which == 0 ? test::old_board : new_board(which == 2), symbols);
    inputs.manifest.apply_overlays = moment;
    const BootPlan plan = inputs.plan();
    DeviceTree tree = DeviceTree::parse(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), "card");
    if (moment == OverlayMoment::boot) {
        // What U-Boot would do, done by fdtoverlay.
        const test::TemporaryFolder folder;
        test::run_ok({"fdtoverlay", "-i", folder.write("b.dtb", as_text(tree.bytes())), "-o", folder / "m.dtb",
                      folder.write("o.dtbo", as_text(bytes_of(plan, "overlays/pi4-64-xen.dtbo")))});
        tree = DeviceTree::parse(as_bytes(test::read_file(folder / "m.dtb")), "merged");
    }
    EXPECT_THAT(tree.cells("/chosen/dom0", "reg"), ElementsAre(0x480000U, 15U * MiB));
    EXPECT_EQ(tree.cell("/chosen", "#address-cells"), 1U);
    EXPECT_THAT(*tree.string("/chosen", "xen,xen-bootargs"), HasSubstr("dom0_mem=512M"));
    EXPECT_EQ(tree.string("/chosen", "bootargs"), inputs.manifest.bootargs);
    ASSERT_EQ(tree.compatible_nodes("brcm,bcm2711-pcie").size(), 1U);
    EXPECT_EQ(tree.string(tree.compatible_nodes("brcm,bcm2711-pcie")[0], "device_type"), "pci");
    EXPECT_FALSE(which != 0 && tree.has("/scb"));
}

INSTANTIATE_TEST_SUITE_P(Trees, BuiltIn,
                         ::testing::Combine(::testing::Values(0, 1, 2), ::testing::Bool(),
                                            ::testing::Values(OverlayMoment::compose, OverlayMoment::boot)));

TEST(Overlays, AnOldOverlayOnANewTreeIsToldWhatIsThere) {
    for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
        BootInputs inputs;
        inputs.set_tree(new_board(true));
        inputs.set_overlays({{"pi4-64-xen", old_overlay}});
        inputs.manifest.apply_overlays = moment;
        try {
            inputs.plan();
            FAIL();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::unfit);
            EXPECT_THAT(error.what(), HasSubstr("/scb/pcie@7d500000"));
            EXPECT_THAT(error.what(), HasSubstr("scb-bus@fc000000"));
        }
    }
}

TEST(Overlays, AUsersOverlayWithDom0GetsTheRealNumbers) {
    for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
        BootInputs inputs(20 * MiB);
        inputs.set_overlays(
            {{"mine", old_overlay},
             {"extra", "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { note; }; }; };"}});
        inputs.manifest.apply_overlays = moment;
        const BootPlan plan = inputs.plan();
        const DeviceTree mine = DeviceTree::parse(bytes_of(plan, "overlays/mine.dtbo"), "mine");
        const bool at_boot = moment == OverlayMoment::boot;
        EXPECT_THAT(mine.cells("/fragment@0/__overlay__/dom0", "reg"),
                    ElementsAre(0x480000U, at_boot ? 20U * MiB : 0xf80000U));
        EXPECT_EQ(bytes_of(plan, "overlays/extra.dtbo"), read_all(inputs.artifacts.overlays[1].content));
        EXPECT_EQ(
            plan.script.find("setenv overlay mine && run apply_overlay && setenv overlay extra") != std::string::npos,
            at_boot);
    }
}

TEST(Overlays, WithoutAnyTheTreeItselfGetsDom0) {
    for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
        BootInputs inputs;
        inputs.set_overlays({});
        inputs.manifest.apply_overlays = moment;
        const BootPlan plan = inputs.plan();
        EXPECT_TRUE(DeviceTree::parse(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), "t").has("/chosen/dom0"));
        EXPECT_EQ(plan.script.find("fdt apply"), std::string::npos);
    }
}

TEST(Overlays, CommandLinesOfATreeAreOurs) {
    BootInputs inputs;
    inputs.set_overlays({{"mine", R"(/dts-v1/; /plugin/; / { fragment@0 { target-path = "/chosen"; __overlay__ {
        #address-cells = <2>; #size-cells = <2>; xen,dom0-bootargs = "old";
        kernel@1 { compatible = "multiboot,kernel", "multiboot,module"; reg = <0 1 0 2>; bootargs = "older"; }; }; }; };)"}});
    const DeviceTree tree = DeviceTree::parse(bytes_of(inputs.plan(), "bcm2711-rpi-4-b.dtb"), "t");
    EXPECT_EQ(tree.string("/chosen", "xen,dom0-bootargs"), inputs.manifest.bootargs);
    EXPECT_EQ(tree.string("/chosen/kernel@1", "bootargs"), inputs.manifest.bootargs);
    EXPECT_THAT(tree.cells("/chosen/kernel@1", "reg"), ElementsAre(0U, 0x480000U, 0U, 15U * MiB));
    EXPECT_FALSE(tree.has("/chosen/dom0"));
}

TEST(Overlays, NamesThatFatCannotTellApartAreRefused) {
    BootInputs inputs;
    const char* const source = "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { a; }; }; };";
    inputs.set_overlays({{"mine", source}, {"MINE", source}});
    EXPECT_THROW(inputs.plan(), Error);
}

TEST(Overlays, RoomAtBootIsComputed) {
    for (const ScriptFlavour flavour : {ScriptFlavour::checked, ScriptFlavour::classic}) {
        BootInputs inputs;
        inputs.add_overlay(
            "large", test::dtc("/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { big = \"" +
                               std::string(9000, 'x') + "\"; }; }; };"));
        inputs.manifest.apply_overlays = OverlayMoment::boot;
        inputs.manifest.script = flavour;
        const BootPlan plan = inputs.plan();
        const DeviceTree base = DeviceTree::parse(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), "b");
        const std::vector<DeviceTree> overlays{DeviceTree::parse(bytes_of(plan, "overlays/pi4-64-xen.dtbo"), "o"),
                                               DeviceTree::parse(bytes_of(plan, "overlays/large.dtbo"), "o")};
        if (flavour == ScriptFlavour::classic) {
            EXPECT_THAT(plan.script, HasSubstr("fdt resize 0x3000 &&"));
            for (std::uint64_t address = 0x8000000; address < 0x8001000; address += 8)
                ASSERT_TRUE(applies_after_resize(base, overlays, address, 0x3000));
        } else {
            const std::size_t place = plan.script.find("fdt move ");
            const std::string line = plan.script.substr(place, plan.script.find(';', place) - place);
            const auto length = parse_address(line.substr(line.rfind(' ') + 1));
            ASSERT_TRUE(length) << line;
            EXPECT_GE(*length, base.used_size() + room_needed(base, overlays) + 1 * KiB);
        }
        for (const Diagnostic& diagnostic : test::diagnostics_of(plan))
            EXPECT_LT(diagnostic.severity, Severity::error) << diagnostic.id;
    }
}

}  // namespace
}  // namespace rpixen
