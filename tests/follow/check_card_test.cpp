#include "follow/check_card.hpp"
#include "card/read_card.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "boot/script.hpp"
#include "follow/card_maker.hpp"
#include "follow/good_card.hpp"
#include "rules/findings.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::CardRecipe;
using test::common_boot;
using test::good_card;
using test::kernel_size;
using test::reg;
using test::TemporaryFolder;
using test::xen;
using test::xen_bootargs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::set<std::string> ids(const CardCheck& check) {
    return test::ids(check.diagnostics);
}

std::string listed(const CardCheck& check) {
    std::string text;
    for (const Diagnostic& diagnostic : check.diagnostics)
        text += diagnostic.id + ": " + diagnostic.message + "; " + diagnostic.found + "\n";
    for (const std::string& note : check.notes) text += "note: " + note + "\n";
    return text;
}

CardCheck check(const TemporaryFolder& folder, const CardRecipe& recipe) {
    return check_card(read_card(test::make_card(folder, recipe)));
}

TEST(CheckCard, AGoodCardRaisesNothing) {
    const TemporaryFolder folder;
    const CardCheck result = check(folder, good_card(folder));
    EXPECT_THAT(result.diagnostics, IsEmpty()) << listed(result);
    EXPECT_THAT(result.notes, IsEmpty()) << listed(result);
    // And it was really looked at.
    const BootScenario& scenario = result.scenario;
    ASSERT_TRUE(scenario.xen && scenario.kernel && scenario.device_tree && scenario.script && scenario.root &&
                scenario.uboot);
    EXPECT_EQ(scenario.xen->address, 0x200000U);
    EXPECT_EQ(scenario.xen->minor, 17);
    EXPECT_EQ(scenario.kernel->release, "6.1.0-37-arm64");
    EXPECT_EQ(scenario.kernel->built_for_xen, true);
    EXPECT_EQ(scenario.device_tree->address, 0x2600000U);
    ASSERT_TRUE(scenario.device_tree->effective);
    EXPECT_EQ(scenario.device_tree->effective->modules.size(), 1U);
    EXPECT_EQ(scenario.xen_bootargs, xen_bootargs);
    EXPECT_EQ(scenario.dom0_bootargs, "console=hvc0 root=/dev/mmcblk0p2 rootwait");
    EXPECT_EQ(scenario.root->init_machine, 183);
    EXPECT_EQ(scenario.root->getty_on_hvc0, true);
    ASSERT_EQ(scenario.overlays.size(), 1U);
    EXPECT_GE(*scenario.overlays[0].room, *scenario.overlays[0].needed);
}

/// The card of the Yocto recipe (meta-virt-rpi): its layout, its script, its environment, its overlay.
TEST(CheckCard, TheOriginalRecipesFaultsAreAllNamed) {
    const TemporaryFolder folder;
    CardRecipe card;
    // boot.img has 256 MiB and is written at 1 MiB; partition 1 ends at 256 MiB, where partition 2 begins.
    card.table =
        "label-id: 0xabcd1234\nstart=2048, size=522240, type=c, bootable\nstart=524288, size=32768, "
        "type=83\n";
    card.image_size = 272 * MiB;
    card.fat_offset = 1 * MiB;
    card.fat_size = 256 * MiB;
    card.sectors_per_cluster = 2;
    card.ext4_offset = 256 * MiB;
    card.ext4_size = 16 * MiB;
    card.boot = common_boot();
    card.boot["overlays/pi4-64-xen.dtbo"] = test::pi4_overlay(
        "0x00480000 0x00f80000", xen_bootargs,
        " fragment@1 { target-path = \"/scb/pcie@7d500000\"; __overlay__ { device_type = \"pci\"; }; };");
    card.boot["uboot.env"] = test::uboot_env(
        folder,
        "fdt_addr=2eff5a00\n"
        "ethaddr=dc:a6:32:11:22:33\n"
        "serial#=10000000abcdef01\n"
        "bootargs=console=hvc0 clk_ignore_unused root=/dev/mmcblk0p2 rootwait\n"
        "do_dtbsetup=fatload mmc 0:1 ${fdt_addr} bcm2711-rpi-4-b.dtb && fdt addr ${fdt_addr} "
        "&& fdt resize && "
        "fatload mmc 0:1 0x18000 overlays/pi4-64-xen.dtbo && fdt apply 0x18000\n"
        "load_xen=fatload mmc 0:1 0x200000 xen-raspberrypi4-64\n"
        "load_dom0=fatload mmc 0:1 0x480000 Image\n"
        "xen_bootcmd=booti 0x200000 - ${fdt_addr}\n"
        "boot_xen=run do_dtbsetup; run load_xen; run load_dom0; run xen_bootcmd\n"
        "bootcmd=run boot_xen\n");
    card.root = test::good_root();
    const CardCheck result = check(folder, card);
    const auto found = ids(result);
    for (const char* id : {"fat-larger-than-partition", "script-unchecked-steps", "fdt-addr-stale",
                           "saved-board-identity", "dom0-reg-too-small", "script-fixed-device"})
        EXPECT_TRUE(found.contains(id)) << id << "\n" << listed(result);
    for (const Diagnostic& diagnostic : result.diagnostics) {
        if (diagnostic.id == "dom0-reg-too-small") {
            EXPECT_EQ(diagnostic.found, "reg 16,252,928 bytes (0xf80000), file 18,874,368 bytes (0x1200000)");
        }
        if (diagnostic.id == "fat-larger-than-partition") {
            EXPECT_THAT(diagnostic.found,
                        HasSubstr("the last 1,048,576 bytes (0x100000) lie outside, over partition 2 (ext4)"));
        }
    }
    EXPECT_FALSE(found.contains("script-never-boots")) << listed(result);
    EXPECT_FALSE(found.contains("module-not-loaded")) << listed(result);
}

/// What is changed in the good card, and the one id that must come of it.
struct Change {
    const char* id;
    void (*change)(const TemporaryFolder&, CardRecipe&);
};

class CheckChangedCard : public ::testing::TestWithParam<Change> {};

TEST_P(CheckChangedCard, IsNamed) {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder);
    GetParam().change(folder, card);
    const CardCheck result = check(folder, card);
    EXPECT_TRUE(ids(result).contains(GetParam().id)) << listed(result);
}

constexpr Change changes[] = {
    {"script-missing-file", [](const TemporaryFolder&, CardRecipe& card) { card.boot.erase("Image"); }},
    {"script-never-boots", [](const TemporaryFolder& folder,
                              CardRecipe& card) { card.boot["boot.scr"] = test::boot_scr(folder, "echo hello\n"); }},
    {"script-damaged", [](const TemporaryFolder&, CardRecipe& card) { card.boot["boot.scr"][100] ^= 1; }},
    {"script-not-found",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.boot.erase("boot.scr");
         card.boot["boot.cmd"] = "booti 0x200000 - 0x2600000\n";
     }},
    {"overlay-target-missing",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.boot["overlays/pi4-64-xen.dtbo"] = test::pi4_overlay(
             reg(kernel_size), xen_bootargs,
             " fragment@1 { target-path = \"/scb-bus@fc000000/pcie@7d500000\"; __overlay__ { a; }; };");
     }},
    {"overlay-no-room",
     [](const TemporaryFolder& folder, CardRecipe& card) {
         card.boot["boot.scr"] = test::boot_scr(
             folder,
             "fatload mmc 0:1 0x2600000 bcm2711-rpi-4-b.dtb && fdt addr 0x2600000 && fatload "
             "mmc 0:1 0x18000 overlays/pi4-64-xen.dtbo && "
             "fdt apply 0x18000 && fatload mmc 0:1 0x200000 xen-raspberrypi4-64 && fatload "
             "mmc 0:1 0x480000 Image && booti 0x200000 - 0x2600000");
     }},
    {"memory-overlap",
     [](const TemporaryFolder& folder, CardRecipe& card) {
         card.boot["boot.scr"] = test::boot_scr(
             folder,
             "fatload mmc 0:1 0x1000000 bcm2711-rpi-4-b.dtb && fdt addr 0x1000000 && fdt "
             "resize 0x1000 && fatload mmc 0:1 0x18000 overlays/pi4-64-xen.dtbo && "
             "fdt apply 0x18000 && fatload mmc 0:1 0x200000 xen-raspberrypi4-64 && fatload "
             "mmc 0:1 0x480000 Image && booti 0x200000 - 0x1000000");
     }},
    {"module-not-loaded",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.boot["overlays/pi4-64-xen.dtbo"] = test::pi4_overlay("0x00880000 0x2000000", xen_bootargs);
     }},
    {"modules-do-not-match-kernel",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.root.erase("lib/modules/6.1.0-37-arm64/modules.dep");
         card.root["lib/modules/5.15.0/modules.dep"] = "";
     }},
    {"init-not-aarch64", [](const TemporaryFolder&, CardRecipe& card) { card.root["sbin/init"][18] = 62; }},
    {"no-getty-on-hvc0",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.root["etc/inittab"] = "ttyS0::respawn:/sbin/getty -L ttyS0 115200\n";
     }},
    {"xen-tools-missing", [](const TemporaryFolder&, CardRecipe& card) { card.root.erase("usr/sbin/xl"); }},
    {"root-not-found",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.table =
             "label-id: 0xabcd1234\nstart=8192, size=98304, type=c, bootable\n2: start=106496, size=1, "
             "type=83\n3: start=106497, size=32767, type=83\n";
         card.table =
             "label-id: 0xabcd1234\nunit: sectors\n1 : start=8192, size=98304, type=c, bootable\n3 : "
             "start=106496, size=32768, type=83\n";
     }},
    {"fstab-root-not-found",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.root["etc/fstab"] = "PARTUUID=00000000-02 / ext4 defaults 0 1\n";
     }},
    {"config-kernel-missing",
     [](const TemporaryFolder&, CardRecipe& card) { card.boot["config.txt"] = "enable_uart=1\n"; }},
    {"uart-off-under-uboot",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.boot["config.txt"] = "kernel=u-boot.bin\n[pi3]\nenable_uart=1\n";
     }},
    {"config-disables-gic",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.boot["config.txt"] += "include extra.txt\n";
         card.boot["extra.txt"] = "enable_gic=0\n";
     }},
    {"saved-environment-damaged",
     [](const TemporaryFolder&, CardRecipe& card) { card.boot["uboot.env"] = std::string(0x4000, 'x'); }},
    {"dtb-is-an-overlay",
     [](const TemporaryFolder&, CardRecipe& card) {
         card.boot["bcm2711-rpi-4-b.dtb"] = card.boot["overlays/pi4-64-xen.dtbo"];
     }},
    {"xen-too-old", [](const TemporaryFolder&, CardRecipe& card) { card.boot["xen-raspberrypi4-64"] = xen("4.14"); }},
    {"tree-over-uboots-own",
     [](const TemporaryFolder& folder, CardRecipe& card) {
         card.boot["u-boot.bin"] = ArtifactKit::uboot("2026.01");
         card.boot["boot.scr"] = test::boot_scr(
             folder,
             "fatload mmc 0:1 ${fdt_addr} bcm2711-rpi-4-b.dtb; fatload mmc 0:1 0x200000 "
             "xen-raspberrypi4-64; booti 0x200000 - ${fdt_addr}");
     }},
};

INSTANTIATE_TEST_SUITE_P(Changes, CheckChangedCard, ::testing::ValuesIn(changes), [](const auto& change) {
    std::string name = change.param.id;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

/// dom0_mem "auto", as our own script chooses it, on each board.
TEST(CheckCard, Dom0MemThatTheScriptChoosesIsFollowed) {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder);
    ScriptPlan plan;
    plan.bootargs = "console=hvc0 root=/dev/mmcblk0p2 rootwait";
    plan.xen = 0x200000;
    plan.modules[ModuleKind::kernel] = {0x480000, 0x480000 + kernel_size};
    plan.tree = 0x2600000;
    plan.overlays = {"pi4-64-xen"};
    plan.overlay_scratch = 0x18000;
    plan.tree_as_loaded = 0x2610000;
    plan.tree_length = 0x3000;
    plan.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040";
    plan.dom0_mem = {
        {1 * GiB, 512 * MiB}, {2 * GiB, 768 * MiB}, {3 * GiB, 896 * MiB}, {4 * GiB, 1 * GiB}, {8 * GiB, 2 * GiB}};
    card.boot["boot.scr"] = test::boot_scr(folder, render_script(plan));
    const CardCheck result = check(folder, card);
    EXPECT_THAT(result.diagnostics, IsEmpty()) << listed(result);
    EXPECT_THAT(result.notes, IsEmpty()) << listed(result);
    const std::map<std::uint64_t, std::string> chosen{
        {1 * GiB, "512M"}, {2 * GiB, "768M"}, {3 * GiB, "896M"}, {4 * GiB, "1024M"}, {8 * GiB, "2048M"}};
    EXPECT_EQ(result.scenario.dom0_mem_of_board, chosen);

    // Too much for one of them is seen, also where only the firmware's tree tells the size.
    plan.dom0_mem[2].second = 3 * GiB;
    card.boot["boot.scr"] = test::boot_scr(folder, render_script(plan));
    EXPECT_EQ(ids(check(folder, card)), std::set<std::string>{"dom0-mem-excludes-boards"});
    plan.dom0_mem[2].second = 896 * MiB;
    plan.dom0_mem[1].second = 2 * GiB;
    card.boot["boot.scr"] = test::boot_scr(folder, render_script(plan));
    EXPECT_EQ(ids(check(folder, card)), std::set<std::string>{"dom0-mem-excludes-boards"});
}

/// Faults of the disk itself, in whole images.
struct DiskChange {
    const char* id;
    void (*change)(CardRecipe&);
    void (*spoil)(const std::string& image) = nullptr;
};

/// Bytes of the finished image.
void patch(const std::string& image, std::uint64_t offset, const std::string& bytes) {
    std::fstream file(image, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class CheckChangedDisk : public ::testing::TestWithParam<DiskChange> {};

TEST_P(CheckChangedDisk, IsNamed) {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder, 2 * MiB);
    GetParam().change(card);
    const std::string image = test::make_card(folder, card);
    if (GetParam().spoil) GetParam().spoil(image);
    const CardCheck result = check_card(read_card(image));
    EXPECT_TRUE(ids(result).contains(GetParam().id)) << listed(result);
}

constexpr auto unchanged = [](CardRecipe&) {};

constexpr DiskChange disk_changes[] = {
    {"fat-larger-than-partition",
     [](CardRecipe& card) {
         card.fat_size = 49 * MiB;
         card.ext4_offset = 53 * MiB;
         card.ext4_size = 15 * MiB;
         card.table =
             "label-id: 0xabcd1234\nstart=8192, size=98304, type=c, bootable\nstart=108544, size=30720, "
             "type=83\n";
     }},
    {"ext4-larger-than-partition",
     [](CardRecipe& card) {
         card.table =
             "label-id: 0xabcd1234\nstart=8192, size=98304, type=c, bootable\nstart=106496, size=30720, "
             "type=83\n";
     }},
    {"ext4-smaller-than-partition", [](CardRecipe& card) { card.ext4_size = 10 * MiB; }},
    // The second entry's first sector, at 446 + 16 + 8: one below the end of the first partition.
    {"partitions-overlap", unchanged,
     [](const std::string& image) {
         patch(image, 470, {"\xff\x9f\x01\x00", 4});
     }},
    {"partition-beyond-image", unchanged,
     [](const std::string& image) { std::filesystem::resize_file(image, 67 * MiB); }},
    {"boot-partition-missing", unchanged,
     [](const std::string& image) { patch(image, 4 * MiB, std::string(16 * 1024, '\0')); }},
    {"boot-partition-unusual",
     [](CardRecipe& card) {
         card.table =
             "label-id: 0xabcd1234\nstart=8192, size=98304, type=83, bootable\nstart=106496, size=32768, "
             "type=83\n";
     }},
    // mtools makes no file on such a FAT, so only the boot sector says so.
    {"fat32-too-few-clusters", unchanged, [](const std::string& image) { patch(image, 4 * MiB + 13, "\x02"); }},
    {"fat-last-cluster", unchanged,
     [](const std::string& image) {
         // "                 12 345 678 bytes free": the largest file that still goes in.
         const std::string listing = test::run_ok({"mdir", "-i", image + "@@4M", "::/"});
         const std::string line = listing.substr(listing.rfind('\n', listing.find(" bytes free")));
         std::string digits;
         for (const char letter : line.substr(0, line.find("bytes")))
             if (letter >= '0' && letter <= '9') digits += letter;
         test::run_ok({"mcopy", "-i", image + "@@4M", "-", "::/fill.bin"}, std::string(std::stoul(digits), 'x'));
     }},
    // Of two long names one letter is made the other's in upper case.
    {"fat-name-clash",
     [](CardRecipe& card) {
         card.boot["notes-a long name.txt"] = "a";
         card.boot["notes-b long name.txt"] = "b";
     },
     [](const std::string& image) {
         const std::string bytes = test::read_file(image);
         const std::size_t place = bytes.find(std::string("-\0b\0 \0l\0o\0n\0", 12));
         ASSERT_NE(place, std::string::npos);
         patch(image, place + 2, "A");
     }},
    {"image-damaged", unchanged,
     [](const std::string& image) {
         patch(image, 4 * MiB + 512 + 488, {"\x01\x00\x00\x00", 4});
     }},
};

INSTANTIATE_TEST_SUITE_P(Changes, CheckChangedDisk, ::testing::ValuesIn(disk_changes), [](const auto& change) {
    std::string name = change.param.id;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

/// What a plain Linux card would do is said, and no rule takes Linux for Xen.
TEST(CheckCard, ExtlinuxIsFollowed) {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder, 2 * MiB);
    card.boot["extlinux/extlinux.conf"] =
        "label linux\n kernel /Image\n fdt /bcm2711-rpi-4-b.dtb\n append root=/dev/mmcblk0p2\n";
    CardCheck result = check(folder, card);
    EXPECT_TRUE(ids(result).contains("extlinux-before-script")) << listed(result);
    EXPECT_TRUE(ids(result).contains("booti-without-xen")) << listed(result);
    EXPECT_FALSE(ids(result).contains("xen-reaches-next")) << listed(result);
    ASSERT_TRUE(result.scenario.kernel);
    EXPECT_EQ(result.scenario.kernel->address, 0x80000U);

    // Where it starts nothing, U-Boot goes on to boot.scr, and so does the check.
    card.boot["extlinux/extlinux.conf"] = "label linux\n kernel /gone\n";
    result = check(folder, card);
    EXPECT_THAT(result.diagnostics, IsEmpty()) << listed(result);
    EXPECT_EQ(result.notes,
              std::vector<std::string>{"extlinux/extlinux.conf starts nothing, so U-Boot goes on to boot.scr"});

    // Xen alone cannot be started that way ...
    card.boot.erase("boot.scr");
    card.boot["extlinux/extlinux.conf"] =
        "label xen\n kernel /xen-raspberrypi4-64\n initrd /Image\n fdt /bcm2711-rpi-4-b.dtb\n";
    result = check(folder, card);
    EXPECT_TRUE(ids(result).contains("extlinux-without-dom0")) << listed(result);
    EXPECT_FALSE(ids(result).contains("xen-misaligned")) << listed(result);

    // ... but with a tree that names the place of the initrd as dom0's kernel it can.
    card.boot["bcm2711-rpi-4-b.dtb"] = test::board_tree(
        "",
        "#address-cells = <1>; #size-cells = <1>; xen,xen-bootargs = \"console=dtuart dtuart=serial1 "
        "dom0_mem=512M\"; "
        "xen,dom0-bootargs = \"console=hvc0 root=/dev/mmcblk0p2\"; dom0 { compatible = \"xen,linux-zimage\", "
        "\"xen,multiboot-module\"; reg = <0x2700000 0x200000>; };");
    result = check(folder, card);
    EXPECT_THAT(result.diagnostics, IsEmpty()) << listed(result);
}

TEST(CheckCard, AScriptThatStopsIsQuoted) {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder);
    card.boot["boot.scr"] = test::boot_scr(
        folder,
        "if fatload mmc 0:1 0x480000 Image && test 0x${filesize} -eq 0x1234; then booti "
        "0x200000; else echo \"Image has 0x${filesize} bytes\"; fi");
    const CardCheck result = check(folder, card);
    for (const Diagnostic& diagnostic : result.diagnostics) {
        if (diagnostic.id == "script-never-boots") {
            EXPECT_EQ(diagnostic.found,
                      "boot.scr; failed: test 0x1200000 -eq 0x1234 (line 1); it says: Image has 0x1200000 bytes");
        }
    }
    EXPECT_TRUE(ids(result).contains("script-never-boots")) << listed(result);
}

TEST(CheckCard, AnImageWithoutAnythingIsSurvived) {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder);
    card.boot.clear();
    card.root.clear();
    card.root["empty"] = "";
    const CardCheck result = check(folder, card);
    EXPECT_TRUE(ids(result).contains("config-missing")) << listed(result);
    EXPECT_FALSE(result.notes.empty());
}

}  // namespace
}  // namespace rpixen
