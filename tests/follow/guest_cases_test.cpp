#include <gmock/gmock.h>

#include "follow/boot_case.hpp"

// Guests that Xen starts, as ImageBuilder and others write their nodes.

namespace rpixen::test {
namespace {

using testing::HasSubstr;

/// A guest as ImageBuilder writes it: cells of two, a kernel and a ramdisk loaded to these places.
std::string guest_lines(const std::string& kernel = "0x4000000", const std::string& cells = "0x0 ") {
    const std::string
        wide = cells.empty() ? ""
                             : "fdt set /chosen/domU0 \\#address-cells <2>\nfdt set /chosen/domU0 \\#size-cells <2>\n";
    return "fatload mmc 0:1 " + kernel +
           " domu-kernel\nfatload mmc 0:1 0x5000000 domu-ramdisk\n"
           "fdt mknod /chosen domU0\nfdt set /chosen/domU0 compatible \"xen,domain\"\n" +
           wide +
           "fdt set /chosen/domU0 memory <0x0 0x20000>\nfdt set /chosen/domU0 cpus <1>\nfdt set /chosen/domU0 vpl011 "
           "<1>\n"
           "fdt mknod /chosen/domU0 module@1\n"
           "fdt set /chosen/domU0/module@1 compatible \"multiboot,kernel\" \"multiboot,module\"\n"
           "fdt set /chosen/domU0/module@1 reg <" +
           cells + kernel + " " + cells +
           "0x200000>\n"
           "fdt mknod /chosen/domU0 module@2\n"
           "fdt set /chosen/domU0/module@2 compatible \"multiboot,ramdisk\" \"multiboot,module\"\n"
           "fdt set /chosen/domU0/module@2 reg <" +
           cells + "0x5000000 " + cells + "0x1000>\n";
}

class GuestCase : public BootCase {
  protected:
    GuestCase() {
        boot["domu-kernel"] = ArtifactKit::kernel(small_kernel);
        boot["domu-ramdisk"] = std::string(4096, 'r');
    }
};

TEST_F(GuestCase, BesideDom0IsNoFault) {
    EXPECT_EQ(judged(before_booti(script(usual), guest_lines())), harmless);
    ASSERT_EQ(scenario().guest_modules.size(), 2U);
    EXPECT_EQ(scenario().kernel->file, "Image");
}

TEST_F(GuestCase, WithoutCellsOfItsOwnHasChosensOrNone) {
    // A node does not inherit #address-cells; without them libfdt and Xen take 2 and 1.
    EXPECT_EQ(beyond_harmless(judged(before_booti(script(usual), guest_lines("0x4000000", "")))), (Ids{}));
    EXPECT_EQ(scenario().kernel->file, "Image");
}

TEST_F(GuestCase, WhoseKernelIsNotOnTheCard) {
    boot.erase("domu-kernel");
    EXPECT_EQ(beyond_harmless(judged(before_booti(script(usual), guest_lines()))),
              (Ids{"module-not-loaded", "script-missing-file"}));
    EXPECT_THAT(found("script-missing-file"), HasSubstr("domu-kernel"));
}

TEST_F(GuestCase, OverDom0sKernelOverlaps) {
    EXPECT_EQ(beyond_harmless(judged(before_booti(script(usual), guest_lines("0x500000")))), (Ids{"memory-overlap"}));
    EXPECT_THAT(found("memory-overlap"), HasSubstr("domu-kernel"));
}

/// A driver domain's own tree, which the script loads, enlarges and overlays before it starts Xen with the board's.
std::string own_tree_lines(const std::string& tree) {
    return "fatload mmc 0:1 " + tree +
           " domd.dtb\nfdt mknod /chosen/domU0 module@3\n"
           "fdt set /chosen/domU0/module@3 compatible \"multiboot,device-tree\" \"multiboot,module\"\n"
           "fdt set /chosen/domU0/module@3 reg <0x0 " +
           tree + " 0x0 0x6000>\nfdt addr " + tree +
           "\nfdt resize 0x1000\nfatload mmc 0:1 0x8200000 domd.dtbo\nfdt apply 0x8200000\n";
}

TEST_F(GuestCase, WithATreeOfItsOwnThatTheScriptOverlays) {
    boot["domd.dtb"] = board_tree();
    boot["domd.dtbo"] = pi4_overlay(reg(small_kernel), "only the guest's");
    const std::string text = before_booti(script(usual), guest_lines() + own_tree_lines("0x5800000"));
    EXPECT_EQ(judged(text), harmless);
    EXPECT_EQ(scenario().guest_modules.size(), 3U);
    EXPECT_EQ(scenario().device_tree->file, "bcm2711-rpi-4-b.dtb");
    EXPECT_THAT(*scenario().xen_bootargs, HasSubstr("dom0_mem=512M"));
    // The guest's kernel runs over its tree, as one did that grew beyond a template's addresses.
    EXPECT_EQ(beyond_harmless(judged(before_booti(script(usual), guest_lines() + own_tree_lines("0x4100000")))),
              (Ids{"memory-overlap"}));
    boot.erase("domd.dtbo");
    EXPECT_EQ(judged(text), harmless_and({"script-missing-file"}));
}

TEST_F(GuestCase, AloneNeedsNoDom0) {
    std::string text = before_booti(script(usual), guest_lines());
    for (const char* line :
         {"fdt mknod /chosen dom0\n", "fdt set /chosen/dom0 compatible \"xen,linux-zimage\" \"xen,multiboot-module\"\n",
          "fdt set /chosen/dom0 reg <0x480000 0x200000>\n", "fatload mmc 0:1 0x480000 Image\n", usual})
        text = changed(text, line, "");
    text = changed(text, " dom0_mem=512M", "");
    EXPECT_EQ(judged(text), harmless);
    EXPECT_FALSE(scenario().kernel);
}

}  // namespace
}  // namespace rpixen::test
