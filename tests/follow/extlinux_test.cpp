#include "follow/extlinux.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

TEST(Extlinux, TakesTheDefaultEntry) {
    const auto entry = default_entry(
        "# made by hand\nTIMEOUT 30\nDefault second\nLABEL first\n  LINUX /first\nLABEL second\n\tMENU LABEL "
        "The second\n"
        "\tKERNEL ../xen\r\n\tInitrd /initrd\n\tFDT /board.dtb\n\tFDTOVERLAYS /a.dtbo  /b.dtbo\n\tAPPEND "
        "console=dtuart  x=1\n");
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->label, "second");
    EXPECT_EQ(entry->kernel, "../xen");
    EXPECT_EQ(entry->initrd, "/initrd");
    EXPECT_EQ(entry->tree, "/board.dtb");
    EXPECT_EQ(entry->overlays, "/a.dtbo  /b.dtbo");
    EXPECT_EQ(entry->arguments, "console=dtuart  x=1");
}

TEST(Extlinux, WithoutADefaultItIsTheFirstThatHasAKernel) {
    EXPECT_EQ(default_entry("label none\nlabel a\nkernel /a\nlabel b\nkernel /b\n")->label, "a");
    EXPECT_EQ(default_entry("label a\nkernel /a\nlabel b\nmenu default\nkernel /b\n")->label, "b");
    EXPECT_EQ(default_entry("default gone\nlabel a\nkernel /a\n")->label, "a");
    EXPECT_FALSE(default_entry(""));
    EXPECT_FALSE(default_entry("label a\nkernel\n"));
    EXPECT_FALSE(default_entry(std::string(100, '\0') + "kernel /x"));
}

TEST(Extlinux, BecomesTheStepsThatUBootTakes) {
    ExtlinuxEntry entry;
    entry.kernel = "xen";
    entry.initrd = "/odd '\"; name";
    entry.tree_dir = "/dtbs";
    entry.overlays = " /a.dtbo ";
    entry.arguments = "console=hvc0";
    UBootStart start;
    start.environment["fdtoverlay_addr_r"] = "0x2500000";
    const UBootScriptText script = extlinux_script(entry, "extlinux/extlinux.conf", "/extlinux", start);
    EXPECT_EQ(start.environment["bootargs"], "console=hvc0");
    std::vector<std::string> files;
    start.find_file = [&](unsigned, const std::string& path) {
        files.push_back(path);
        return std::optional<Content>();
    };
    const UBootRun run = run_uboot(start, script);
    EXPECT_TRUE(run.syntax_errors.empty());
    EXPECT_TRUE(run.unfollowed.empty());
    EXPECT_EQ(files, std::vector<std::string>{"/odd '\"; name"}) << "the first that is missing ends it";
    const std::string from = "load ${devtype} ${devnum}:${distro_bootpart} ";
    EXPECT_EQ(script.text,
              from + "${ramdisk_addr_r} /odd\\\\\\ \\\\\\'\\\\\\\"\\\\\\;\\\\\\ name && initrd_size=${filesize} && " +
                  from + "${kernel_addr_r} /extlinux/xen && " + from +
                  "${fdt_addr_r} /dtbs/broadcom/bcm2711-rpi-4-b.dtb && fdt addr ${fdt_addr_r} && fdt resize 0x2000 "
                  "&& " +
                  from +
                  "${fdtoverlay_addr_r} /a.dtbo && fdt apply ${fdtoverlay_addr_r} && "
                  "booti ${kernel_addr_r} ${ramdisk_addr_r}:${initrd_size} ${fdt_addr_r}");
}

}  // namespace
}  // namespace rpixen
