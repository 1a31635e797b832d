#include "follow/efi/xen_config.hpp"

#include <gmock/gmock.h>

namespace rpixen {
namespace {

TEST(XenConfig, ReadsTheDefaultSection) {
    const XenConfig config = parse_xen_config(
        "# comment\n[global]\ndefault=two\ndtb=board.dtb\n\n[one]\nkernel=a\n[two]\r\noptions=console=dtuart "
        "dom0_mem=512M\r\n"
        "kernel=Image console=hvc0 root=/dev/mmcblk0p2\nramdisk=initrd.gz\nxsm = policy.24\nunknown=1\n");
    EXPECT_EQ(config.section, "two");
    EXPECT_EQ(config.options, "console=dtuart dom0_mem=512M");
    EXPECT_EQ(config.kernel, "Image");
    EXPECT_EQ(config.kernel_arguments, "console=hvc0 root=/dev/mmcblk0p2");
    EXPECT_EQ(config.ramdisk, "initrd.gz");
    EXPECT_EQ(config.xsm, "policy.24");
    EXPECT_EQ(config.tree, "board.dtb");
}

TEST(XenConfig, WithoutADefaultItIsTheFirst) {
    EXPECT_EQ(parse_xen_config("[a]\nkernel=k\n[b]\nkernel=l\n").kernel, "k");
    EXPECT_EQ(parse_xen_config("").kernel, "");
    EXPECT_EQ(parse_xen_config("[\n=\n]\n").kernel, "");
}

TEST(XenConfig, IsLookedForUnderShorterNames) {
    EXPECT_THAT(xen_config_names("EFI/BOOT/BOOTAA64.EFI"), testing::ElementsAre("BOOTAA64.cfg", "xen.cfg"));
    EXPECT_THAT(xen_config_names("xen-4.17.5.efi"),
                testing::ElementsAre("xen-4.17.5.cfg", "xen-4.17.cfg", "xen-4.cfg", "xen.cfg", "xen.cfg"));
}

}  // namespace
}  // namespace rpixen
