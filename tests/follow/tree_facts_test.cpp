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

TEST(TreeFacts, ModulesBelowAGuestAreTheGuests) {
    const TreeFacts facts = tree_facts(test::tree_of(R"(/dts-v1/; / {
        #address-cells = <2>; #size-cells = <1>;
        chosen { #address-cells = <1>; #size-cells = <1>;
            dom0 { compatible = "xen,linux-zimage", "xen,multiboot-module"; reg = <0x480000 0x1000>; };
            domU1 { compatible = "xen,domain"; memory = <0 0x20000>; cpus = <2>; xen,enhanced = "no-xenstore";
                module@1 { compatible = "multiboot,kernel", "multiboot,module"; reg = <5 6>; }; };
            domU2 { compatible = "xen,domain"; memory = <0x20000>; xen,enhanced; label = "shop";
                xen,static-mem = <0x30000000 0x1000 0x40000000 0x2000>; };
            pool { compatible = "xen,cpupool"; };
        };
    };)"));
    ASSERT_EQ(facts.modules.size(), 2U);
    EXPECT_EQ(facts.modules[0].domain, "");
    EXPECT_EQ(facts.modules[1].domain, "/chosen/domU1");
    EXPECT_EQ(facts.modules[1].range, (Range{5, 11})) << "cells are handed down";
    ASSERT_EQ(facts.guests.size(), 2U);
    EXPECT_EQ(facts.guests[0].memory, 128 * MiB);
    EXPECT_EQ(facts.guests[0].cpus, 2U);
    EXPECT_FALSE(facts.guests[0].xenstore);
    EXPECT_FALSE(facts.guests[1].memory) << "one cell is no 64 bits";
    EXPECT_TRUE(facts.guests[1].xenstore);
    EXPECT_TRUE(facts.guests[1].static_memory);
    EXPECT_THAT(facts.guests[1].static_ranges,
                testing::ElementsAre(Range{0x30000000, 0x30001000}, Range{0x40000000, 0x40002000}))
        << "with the cells of /chosen";
    EXPECT_FALSE(facts.guests[0].static_memory);
    EXPECT_EQ(facts.guests[0].name, "domU1");
    EXPECT_EQ(facts.guests[1].name, "shop");
    EXPECT_TRUE(facts.guests[0].enhanced) << "without xenstore";
    EXPECT_TRUE(facts.cpu_pools);
}

TEST(TreeFacts, PcieBridgesWithoutTheirTypeAreSeen) {
    const auto untyped = [](const std::string& pcie, const std::string& bridge) {
        return tree_facts(test::tree_of("/dts-v1/; / { scb { pcie@7d500000 { compatible = \"brcm,bcm2711-pcie\"; " +
                                        pcie + " pci@1,0 { reg = <0 0 0 0 0>; " + bridge +
                                        " usb@1,0 { reg = <0x10000 0 0 0 0>; }; }; }; }; };"))
            .untyped_pcie;
    };
    const std::string type = "device_type = \"pci\";";
    EXPECT_TRUE(untyped(type, type).empty());
    EXPECT_THAT(untyped(type, ""), testing::ElementsAre("/scb/pcie@7d500000/pci@1,0"));
    EXPECT_THAT(untyped("", ""), testing::ElementsAre("/scb/pcie@7d500000/pci@1,0", "/scb/pcie@7d500000"));
}

}  // namespace
}  // namespace rpixen
