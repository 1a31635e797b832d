#include "devicetree/device_tree.hpp"

#include <gmock/gmock.h>

#include "devicetree/dtc.hpp"
#include "devicetree/reserved_memory.hpp"

namespace rpixen {
namespace {

using test::old_board;
using test::tree_of;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DeviceTree, ReadsNodesAndProperties) {
    const DeviceTree tree = tree_of(old_board);
    EXPECT_THAT(tree.compatible(), ElementsAre("raspberrypi,4-model-b", "brcm,bcm2711"));
    EXPECT_THAT(tree.children("/scb"), ElementsAre("pcie@7d500000", "gpu@7ec00000"));
    EXPECT_THAT(tree.properties("/scb"), ElementsAre("#address-cells", "#size-cells"));
    EXPECT_EQ(tree.cell("/", "#address-cells"), 2U);
    EXPECT_EQ(tree.string("/chosen", "stdout-path"), "serial1:115200n8");
    EXPECT_THAT(tree.cells("/soc/serial@7e215040", "reg"), ElementsAre(0x7e215040U, 0x40U));
    EXPECT_THAT(tree.compatible_nodes("brcm,bcm2711-pcie"), ElementsAre("/scb/pcie@7d500000"));
    EXPECT_THAT(tree.compatible_nodes("brcm,bcm2711"), ElementsAre("/"));
    EXPECT_FALSE(tree.has("/scb-bus@fc000000"));
    EXPECT_FALSE(tree.has("serial1"));
    EXPECT_FALSE(tree.is_overlay());
    EXPECT_FALSE(tree.has_symbols());
    EXPECT_TRUE(tree_of(old_board, true).has_symbols());
}

TEST(DeviceTree, ReadsReservations) {
    const DeviceTree tree = tree_of(old_board);
    EXPECT_THAT(tree.memory_reservations(), ElementsAre(Range{0, 0x1000}));
    const auto reserved = reserved_memory(tree);
    ASSERT_EQ(reserved.size(), 1U);
    EXPECT_EQ(reserved[0].path, "/reserved-memory/fixed@10000000");
    EXPECT_EQ(reserved[0].range, (Range{0x10000000, 0x10100000}));
}

TEST(DeviceTree, ChangesAreWhatDtcReads) {
    DeviceTree tree = tree_of(old_board);
    tree.add_node("/chosen", "dom0");
    tree.add_node("/chosen", "dom0");
    const std::string_view compatible[] = {"xen,linux-zimage", "xen,multiboot-module"};
    tree.set_strings("/chosen/dom0", "compatible", compatible);
    const std::uint32_t reg[] = {0x480000, 0x1f6e000};
    tree.set_cells("/chosen/dom0", "reg", reg);
    tree.set_string("/chosen", "bootargs", std::string(1500, 'x'));
    tree.remove_property("/chosen", "stdout-path");
    tree.remove_property("/chosen", "stdout-path");
    tree.remove_node("/soc");
    tree.pack();
    EXPECT_EQ(tree.used_size(), tree.bytes().size());
    const std::string source = test::source_of(tree);
    // dtc 1.6 and dtc 1.7 write a list of strings each in their way.
    EXPECT_THAT(source, AnyOf(HasSubstr("compatible = \"xen,linux-zimage\\0xen,multiboot-module\""),
                              HasSubstr("compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"")));
    EXPECT_THAT(source, HasSubstr("reg = <0x480000 0x1f6e000>"));
    EXPECT_THAT(source, HasSubstr(std::string(1500, 'x')));
    EXPECT_THAT(source, ::testing::Not(HasSubstr("stdout-path")));
    EXPECT_THAT(source, ::testing::Not(HasSubstr("aux-uart")));
}

TEST(DeviceTree, RefusesToChangeAMissingNode) {
    DeviceTree tree = tree_of(old_board);
    try {
        tree.set_string("/nowhere", "a", "b");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::internal);
        EXPECT_THAT(error.what(), HasSubstr("/nowhere"));
    }
}

TEST(Reg, DecodesAndEncodes) {
    EXPECT_THAT(decode_reg({0, 0x480000, 0x1000, 1, 2, 3}, 2, 1),
                ElementsAre(Range{0x480000, 0x481000}, Range{0x100000002, 0x100000005}));
    EXPECT_THAT(decode_reg({1, 2, 3}, 1, 1), ElementsAre(Range{1, 3}));
    EXPECT_TRUE(decode_reg({0xffffffff, 0xffffffff, 2}, 2, 1).empty());
    EXPECT_TRUE(decode_reg({1, 2, 3}, 3, 0).empty());
    EXPECT_THAT(encode_reg({0x480000, 0x481000}, 1, 1), ElementsAre(0x480000U, 0x1000U));
    EXPECT_THAT(encode_reg({0x100000000, 0x100001000}, 2, 2), ElementsAre(1U, 0U, 0U, 0x1000U));
    EXPECT_THROW(encode_reg({0x100000000, 0x100001000}, 1, 1), Error);
}

}  // namespace
}  // namespace rpixen
