#include "follow/tree_facts.hpp"

#include <gmock/gmock.h>

#include "devicetree/dtc.hpp"

namespace rpixen {
namespace {

using ::testing::Contains;

TEST(TreeFacts, ReadsModulesWithTheCellsInEffect) {
    const TreeFacts facts = tree_facts(test::tree_of(R"(/dts-v1/; / {
        compatible = "brcm,bcm2711"; #address-cells = <2>; #size-cells = <1>;
        chosen { bootargs = "b"; xen,xen-bootargs = "x";
            dom0 { compatible = "xen,linux-zimage", "xen,multiboot-module"; reg = <0 0x480000 0x1000>; };
            modules { #address-cells = <1>; deep { compatible = "multiboot,module"; reg = <5 6 7>; bootargs = "m"; }; };
            bare { compatible = "xen,multiboot-module"; };
            other { reg = <1>; };
        };
    };)"));
    EXPECT_FALSE(facts.chosen_address_cells);
    EXPECT_EQ(facts.xen_bootargs, "x");
    EXPECT_EQ(facts.bootargs, "b");
    ASSERT_EQ(facts.modules.size(), 3U);
    EXPECT_EQ(facts.modules[0].path, "/chosen/dom0");
    EXPECT_EQ(facts.modules[0].depth, 2);
    EXPECT_TRUE(facts.modules[0].reg_fits_cells);
    EXPECT_EQ(facts.modules[0].range, (Range{0x480000, 0x481000}));
    EXPECT_EQ(facts.modules[1].depth, 3);
    EXPECT_FALSE(facts.modules[1].reg_fits_cells);
    EXPECT_EQ(facts.modules[1].bootargs, "m");
    EXPECT_FALSE(facts.modules[2].has_reg);
    EXPECT_FALSE(facts.modules[2].range);
}

TEST(TreeFacts, ReadsTheRestOfABoard) {
    const TreeFacts facts = tree_facts(test::tree_of(test::old_board));
    ASSERT_EQ(facts.serials.size(), 1U);
    EXPECT_EQ(facts.serials[0].path, "/soc/serial@7e215040");
    EXPECT_EQ(facts.aliases.at("pcie0"), "/scb/pcie@7d500000");
    ASSERT_EQ(facts.reservations.size(), 2U);
    EXPECT_TRUE(facts.reservations[0].memreserve);
    EXPECT_EQ(facts.reservations[1].name, "/reserved-memory/fixed@10000000");
    EXPECT_THAT(facts.nodes, Contains("/scb/gpu@7ec00000"));
    EXPECT_TRUE(facts.modules.empty());
}

}  // namespace
}  // namespace rpixen
