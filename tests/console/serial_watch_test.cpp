#include "console/serial_watch.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

// Lines as QEMU's raspi4b printed them with Debian 12's U-Boot 2023.01, Xen 4.17 and Linux 6.1.
constexpr std::string_view uboot =
    "Core:  167 devices, 13 uclasses, devicetree: board\r\n"
    "Loading Environment from FAT... Unable to read \"uboot.env\" from mmc0:1... \r\n"
    "Hit any key to stop autoboot:  2 \b\b\b 1 \b\b\b 0 \r\n"
    "Found U-Boot script /boot.scr\r\n";
constexpr std::string_view script = "## Executing script at 02400000\r\n";
constexpr std::string_view booti =
    "## Flattened Device Tree blob at 07000000\r\n   Booting using the fdt blob at 0x7000000\r\n"
    "Starting kernel ...\r\n\r\n";
constexpr std::string_view xen = "(XEN) Xen version 4.17.7 (Debian 4.17.7+13-g2445b30a44-0+deb12u1)\r\n";
constexpr std::string_view dom0 = "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd083]\r\n";
constexpr std::string_view
    root = "[    8.539700] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode. Quota mode: none.\r\n";

SerialWatch after(std::initializer_list<std::string_view> pieces) {
    SerialWatch watch;
    for (const std::string_view piece : pieces) watch.feed(piece);
    return watch;
}

TEST(SerialWatch, recognises_every_stage_in_turn) {
    SerialWatch watch;
    EXPECT_EQ(watch.stage(), BootStage::none);
    watch.feed(uboot);
    EXPECT_EQ(watch.stage(), BootStage::uboot);
    watch.feed(script);
    EXPECT_EQ(watch.stage(), BootStage::script);
    watch.feed(booti);
    EXPECT_EQ(watch.stage(), BootStage::device_tree);
    watch.feed(xen);
    EXPECT_EQ(watch.stage(), BootStage::xen);
    watch.feed(dom0);
    EXPECT_EQ(watch.stage(), BootStage::dom0_kernel);
    watch.feed(root);
    EXPECT_EQ(watch.stage(), BootStage::root);
    watch.feed("\r\ndom0 login: ");
    EXPECT_EQ(watch.stage(), BootStage::login);
    EXPECT_FALSE(watch.failure());
    EXPECT_FALSE(watch.final());
}

TEST(SerialWatch, does_not_care_how_the_output_is_cut) {
    SerialWatch watch;
    std::string all;
    for (const std::string_view piece : {uboot, script, booti, xen, dom0, root}) all += piece;
    for (const char c : all + "dom0 login: ") watch.feed({&c, 1});
    EXPECT_EQ(watch.stage(), BootStage::login);
    EXPECT_FALSE(watch.failure());
}

TEST(SerialWatch, takes_the_first_line_even_with_colours_and_no_banner) {
    EXPECT_EQ(after({"\x1b[0m\x1b[2JU-Boot 2025.01 (Jan 06 2025)\r\n"}).stage(), BootStage::uboot);
}

struct Case {
    const char* name;
    std::vector<std::string_view> heard;
    BootStage failed;
    const char* cause;
    bool final;
};
void PrintTo(const Case& value, std::ostream* out) {
    *out << value.name;
}

class Failures : public testing::TestWithParam<Case> {};

TEST_P(Failures, are_named) {
    SerialWatch watch;
    for (const std::string_view piece : GetParam().heard) watch.feed(piece);
    ASSERT_TRUE(watch.failure());
    EXPECT_EQ(watch.failure()->stage, GetParam().failed) << name_of(watch.failure()->stage);
    EXPECT_NE(watch.failure()->cause.find(GetParam().cause), std::string::npos) << watch.failure()->cause;
    EXPECT_EQ(watch.final(), GetParam().final);
}

INSTANTIATE_TEST_SUITE_P(
    SerialWatch, Failures,
    testing::Values(
        Case{"no_script", {uboot, "U-Boot> "}, BootStage::script, "no boot.scr", true},
        Case{"overlay_without_room",
             {uboot, script, "failed on fdt_overlay_apply(): FDT_ERR_NOSPACE\r\n"},
             BootStage::device_tree,
             "could not apply an overlay",
             false},
        Case{"checked_script_names_the_step",
             {uboot, script, "Failed to load 'xen-raspberrypi4-64'\r\n",
              "rpixen: load_xen failed: cannot read xen-raspberrypi4-64 from mmc 0:1\r\n",
              "rpixen: this card did not boot; the line above says why.\r\n"},
             BootStage::xen,
             "load_xen failed: cannot read xen-raspberrypi4-64",
             true},
        Case{
            "missing_xen_with_the_classic_script",
            {uboot, script, "Failed to load 'xen-raspberrypi4-64'\r\n", "Bad Linux ARM64 Image magic!\r\n", "U-Boot> "},
            BootStage::xen,
            "cannot read a file",
            true},
        Case{"xen_is_no_image",
             {uboot, script, "Bad Linux ARM64 Image magic!\r\n", "U-Boot> "},
             BootStage::xen,
             "no arm64 Image",
             true},
        Case{"too_much_memory_for_dom0",
             {uboot, script, booti, xen, "(XEN) ****************************************\r\n(XEN) Panic on CPU 0:\r\n",
              "(XEN) Failed to allocate requested dom0 memory. 512MB unallocated\r\n"},
             BootStage::dom0_kernel,
             "Xen stopped: Failed to allocate requested dom0 memory. 512MB unallocated",
             true},
        Case{"no_root_device",
             {uboot, script, booti, xen, dom0,
              "[    5.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n"},
             BootStage::root,
             "unable to mount root: VFS: Unable to mount root fs",
             true},
        Case{"initrd_gives_up",
             {uboot, script, booti, xen, dom0,
              "[   36.1] initrd: unable to mount root: /dev/mmcblk0p7 did not appear within 30 s\r\n"},
             BootStage::root,
             "/dev/mmcblk0p7 did not appear",
             true},
        Case{"kernel_waits_for_ever",
             {uboot, script, booti, xen, dom0, "[    5.1] Waiting for root device /dev/mmcblk0p7...\r\n"},
             BootStage::root,
             "Waiting for root device /dev/mmcblk0p7",
             false},
        Case{"kernel_crashes",
             {uboot, script, booti, xen, dom0, "[    1.0] Kernel panic - not syncing: Attempted to kill init!\r\n"},
             BootStage::root,
             "dom0's kernel stopped: Attempted to kill init!",
             true},
        Case{"dom0_goes",
             {uboot, script, booti, xen, dom0, "(XEN) Hardware Dom0 halted: halting machine\r\n"},
             BootStage::root,
             "dom0 ended",
             true},
        Case{"restart", {uboot, script, booti, xen, uboot}, BootStage::dom0_kernel, "restarts", true},
        Case{"uboot_crashes",
             {uboot, script, "\"Synchronous Abort\" handler, esr 0x96000010\r\n"},
             BootStage::device_tree,
             "U-Boot crashed",
             true}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(SerialWatch, keeps_the_first_complaint) {
    const SerialWatch watch = after({uboot, script, "failed on fdt_overlay_apply(): FDT_ERR_NOSPACE\r\n",
                                     "ERROR: Did not find a cmdline Flattened Device Tree\r\n", "U-Boot> "});
    ASSERT_TRUE(watch.failure());
    EXPECT_NE(watch.failure()->evidence.find("FDT_ERR_NOSPACE"), std::string::npos);
    EXPECT_TRUE(watch.final());
}

TEST(SerialWatch, forgives_what_the_boot_outlived) {
    EXPECT_FALSE(after({uboot, script, "Failed to load 'extra.txt'\r\n", booti, xen}).failure());
}

TEST(SerialWatch, does_not_take_words_before_the_script_for_failures) {
    EXPECT_FALSE(after({uboot}).failure());
}

constexpr std::string_view linux_after_booti =
    "[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd083]\r\n"
    "[    0.000000] Linux version 6.1.0-56-arm64 (debian-kernel@lists.debian.org)\r\n";

// A Linux that U-Boot starts itself is not dom0.
TEST(SerialWatch, dom0_needs_a_word_of_xen) {
    SerialWatch watch = after({uboot, script, booti, linux_after_booti});
    EXPECT_EQ(watch.stage(), BootStage::device_tree);
    ASSERT_TRUE(watch.failure());
    EXPECT_EQ(watch.failure()->stage, BootStage::xen);
    EXPECT_EQ(watch.failure()->cause, "Linux was started without Xen");
    EXPECT_FALSE(watch.final());  // Linux may still say that it runs on Xen
    watch.feed(root);
    watch.feed("\r\nraspberrypi login: ");
    EXPECT_EQ(watch.stage(), BootStage::device_tree);
    EXPECT_TRUE(watch.final());
}

TEST(SerialWatch, takes_dom0s_own_word_for_xen) {
    const SerialWatch watch = after(
        {uboot, script, booti, linux_after_booti, "[    0.000000] Xen 4.17 support found\r\n", root});
    EXPECT_EQ(watch.stage(), BootStage::root);
    EXPECT_FALSE(watch.failure());
}

TEST(SerialWatch, a_guests_console_is_not_dom0s) {
    const SerialWatch watch = after({uboot, script, booti, xen,
                                     "(d1) [    0.000000] Booting Linux on physical CPU 0x0\r\n",
                                     "(d12) [    1.0] Kernel panic - not syncing: no root\r\n"});
    EXPECT_EQ(watch.stage(), BootStage::xen);
    EXPECT_FALSE(watch.failure());
}

TEST(SerialWatch, names_rules_and_a_change) {
    BootVerdict verdict;
    after({uboot, script, "failed on fdt_overlay_apply(): FDT_ERR_NOTFOUND\r\n", "U-Boot> "}).tell(verdict, "silence");
    EXPECT_EQ(verdict.failed, BootStage::device_tree);
    EXPECT_EQ(verdict.rules.front(), "overlay-target-missing");
    EXPECT_FALSE(verdict.change.empty());
    after({uboot, script, booti}).tell(verdict, "silence");
    EXPECT_EQ(verdict.cause, "silence");
    EXPECT_EQ(verdict.rules.front(), "xen-console-missing");
}

TEST(SerialWatch, bounds_what_it_keeps_of_a_line_without_end) {
    SerialWatch watch;
    const std::string noise(100'000, 'x');
    for (int i = 0; i < 4; ++i) watch.feed(noise);
    watch.feed("\n");
    watch.feed(uboot);
    EXPECT_EQ(watch.stage(), BootStage::uboot);
}

TEST(BootStage, names_are_read_back) {
    for (int stage = 0; stage <= static_cast<int>(BootStage::login); ++stage)
        EXPECT_EQ(parse_boot_stage(name_of(static_cast<BootStage>(stage))), static_cast<BootStage>(stage));
    EXPECT_FALSE(parse_boot_stage("grub"));
}

}  // namespace
}  // namespace rpixen
