#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "follow/boot_case.hpp"
#include "follow/boot_order.hpp"

// Scripts as people publish them, each with what is right about its card: idioms of meta-virtualization,
// ImageBuilder, blogs and mailing lists, and where U-Boot looks for a script.

namespace rpixen::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(BootCase, EscapedQuotesAroundAVariableAreOneString) {
    const auto ids = judged(
        script("setenv a \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n"
               "fdt set /chosen xen,dom0-bootargs \\\"${a}\\\"\n"));
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
    EXPECT_EQ(scenario().dom0_bootargs, "console=hvc0 root=/dev/mmcblk0p2 rootwait");
}

TEST_F(BootCase, WithoutQuotesTheyAreManyStrings) {
    const auto ids = judged(
        script("setenv a \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n"
               "fdt set /chosen xen,dom0-bootargs ${a}\n"));
    EXPECT_EQ(scenario().dom0_bootargs, "console=hvc0");
    EXPECT_EQ(beyond_harmless(ids), (Ids{"root-not-found"}));
}

TEST_F(BootCase, SingleQuotesInsideDoubleOnesAreGone) {
    std::string text = script(usual);
    text.replace(text.find("512M"), 4, "'512M'");
    EXPECT_TRUE(only_harmless(judged(text)));
    EXPECT_THAT(*scenario().xen_bootargs, HasSubstr("dom0_mem=512M"));
}

TEST_F(BootCase, ACommentBehindAValueDoesNoHarm) {
    const auto ids = judged("setenv unused 0x00200000 # 2M\n" + script(usual));
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
}

TEST_F(BootCase, UBootsOwnTreeIsTheFirmwares) {
    const auto ids = judged(script(usual, "mmc 0:1", "$fdtcontroladdr"));
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
    EXPECT_TRUE(scenario().device_tree->from_firmware);
}

TEST_F(BootCase, AnotherCardNumberIsAnError) {
    const auto ids = judged(script(usual, "mmc 1:1"));
    EXPECT_EQ(beyond_harmless(ids), (Ids{"booti-without-tree", "booti-without-xen", "script-absent-device"}));
    EXPECT_THAT(found("script-absent-device"), HasSubstr("mmc 1 (line 1)"));
}

TEST_F(BootCase, AnAliasMakesTheOtherNumberRight) {
    std::string tree = compile_tree("/dts-v1/; / { aliases { mmc1 = \"/emmc2bus/mmc@7e340000\"; }; };");
    boot["firmware.dtb"] = tree;
    boot["config.txt"] += "device_tree=firmware.dtb\n";
    EXPECT_EQ(beyond_harmless(judged(script(usual, "mmc 1:1"))), (Ids{}));
    EXPECT_EQ(beyond_harmless(judged(script(usual))),
              (Ids{"booti-without-tree", "booti-without-xen", "script-absent-device"}));
}

TEST_F(BootCase, CarriageReturnsAreAnError) {
    std::string text = script(usual);
    for (std::size_t place = 0; (place = text.find('\n', place)) != std::string::npos; place += 2)
        text.insert(place, "\r");
    const auto ids = judged(text);
    EXPECT_EQ(beyond_harmless(ids),
              (Ids{"booti-without-tree", "booti-without-xen", "script-carriage-return", "script-missing-file"}));
    EXPECT_THAT(found("script-missing-file"), HasSubstr("xen-raspberrypi4-64\\r (line 1)"));
}

TEST_F(BootCase, AnAddressWithADigitTooManyIsShownAsGiven) {
    std::string text = script(usual);
    text.replace(text.rfind("0x2600000"), 9, "0x26000000");
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{"booti-without-tree"}));
    EXPECT_THAT(found("booti-without-tree"), HasSubstr("booti ... 0x26000000"));
    EXPECT_THAT(found("booti-without-tree"), HasSubstr("was loaded to 0x2600000"));
}

TEST_F(BootCase, AssignmentsAndTestsOfFilesAreFollowed) {
    std::string text = script(usual, "${devtype} ${devnum}:${bootpart}");
    text.replace(text.find("fatload"), text.find('\n'),
                 "if test -e ${devtype} ${devnum}:${bootpart} ${name} && test \"${skip}\" != \"yes\"; then\n"
                 "\tload ${devtype} ${devnum}:${bootpart} 0x200000 ${name};\nfi");
    const auto ids = judged("name=xen-raspberrypi4-64\nsetenv devtype mmc\nsetenv bootpart 1\n" + text);
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
}

TEST_F(BootCase, AScriptOnTheRootPartitionIsFoundWhereThatOneIsMarked) {
    disk.partitions[0].bootable = disk.partitions[0].active = false;
    disk.partitions[1].bootable = disk.partitions[1].active = true;
    root["boot/boot.scr"] = scr(script(usual, "mmc 0:1"));
    boot["boot.scr"] = scr("echo never looked at\n");
    EXPECT_TRUE(only_harmless(judged()));
    EXPECT_EQ(scenario().script->file, "boot/boot.scr");
}

TEST_F(BootCase, TheOrderIsUBoots) {
    const std::string efi = "EFI/BOOT/BOOTAA64.EFI";
    boot[efi] = "MZ";
    boot["boot.scr"] = boot["boot/boot.scr.uimg"] = scr("true\n");
    boot["boot/extlinux/extlinux.conf"] = "label a\n";
    const FileTree boot_tree = tree_of(boot);
    const FileTree root_tree = tree_of(root);
    const CardFiles card{disk, {{1U, &boot_tree}, {2U, &root_tree}}};
    const auto order = [&](int year, int month) {
        UBootFacts uboot;
        uboot.year = year;
        uboot.month = month;
        std::vector<std::string> files;
        for (const BootCandidate& candidate : boot_candidates(card, uboot)) files.push_back(candidate.file);
        return files;
    };
    EXPECT_THAT(order(2023, 1), ElementsAre("boot.scr", "boot/extlinux/extlinux.conf", "boot/boot.scr.uimg", efi));
    EXPECT_THAT(order(2024, 1), ElementsAre("boot/extlinux/extlinux.conf", "boot.scr", "boot/boot.scr.uimg", efi));
    EXPECT_THAT(order(2025, 1), ElementsAre("boot/extlinux/extlinux.conf", efi, "boot.scr", "boot/boot.scr.uimg"));
}

TEST_F(BootCase, AnEfiProgramAloneIsNotNothing) {
    boot["efi/boot/bootaa64.efi"] = "MZ";
    EXPECT_EQ(beyond_harmless(judged()), (Ids{}));
}

TEST_F(BootCase, AnEfiProgramComesBeforeTheScriptFrom202501On) {
    boot["efi/boot/bootaa64.efi"] = "MZ";
    boot["u-boot.bin"] = ArtifactKit::uboot("2025.01");
    use_bootstd();
    EXPECT_EQ(beyond_harmless(judged(script(usual))), (Ids{"efi-before-script"}));
    boot["u-boot.bin"] = ArtifactKit::uboot("2024.01");
    use_bootstd();
    EXPECT_EQ(beyond_harmless(judged(script(usual))), (Ids{}));
}

/// The script takes the firmware's tree as it is.
const char* const plain =
    "fatload mmc 0:1 0x200000 xen-raspberrypi4-64 && fatload mmc 0:1 0x480000 Image && "
    "booti 0x200000 - ${fdt_addr}\n";

TEST_F(BootCase, TheFirmwareAppliesTheOverlay) {
    boot["config.txt"] += "dtoverlay=pi4-64-xen\n";
    boot["cmdline.txt"] = "console=hvc0 root=/dev/mmcblk0p2 rootwait\n";
    boot["overlays/pi4-64-xen.dtbo"] = pi4_overlay(reg(small_kernel), xen_bootargs);
    const auto ids = judged(plain);
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
    EXPECT_EQ(scenario().dom0_bootargs, "console=hvc0 root=/dev/mmcblk0p2 rootwait");
    EXPECT_EQ(scenario().xen_bootargs, xen_bootargs);
    EXPECT_EQ(scenario().kernel->file, "Image");
}

TEST_F(BootCase, ATreeFromTheCardHasNothingOfTheFirmwares) {
    boot["config.txt"] += "dtoverlay=pi4-64-xen\n";
    boot["overlays/pi4-64-xen.dtbo"] = pi4_overlay(reg(small_kernel), xen_bootargs);
    EXPECT_EQ(beyond_harmless(
                  judged("fatload mmc 0:1 ${fdt_addr_r} bcm2711-rpi-4-b.dtb && fatload mmc 0:1 0x200000 "
                         "xen-raspberrypi4-64 && fatload mmc 0:1 0x480000 Image && booti 0x200000 - ${fdt_addr_r}\n")),
              (Ids{"bootargs-astray", "dom0-module-missing"}));
}

TEST_F(BootCase, AnOverlaysNameHasNoEnding) {
    boot["config.txt"] += "dtoverlay=pi4-64-xen.dtbo\n";
    boot["overlays/pi4-64-xen.dtbo"] = pi4_overlay(reg(small_kernel), xen_bootargs);
    const auto ids = judged(plain);
    EXPECT_EQ(beyond_harmless(ids), (Ids{"bootargs-astray", "config-overlay-missing", "dom0-module-missing"}));
}

TEST_F(BootCase, Serial0IsTheBluetoothChips) {
    boot["bcm2711-rpi-4-b.dtb"] = compile_tree(
        "/dts-v1/; / { compatible = \"raspberrypi,4-model-b\", \"brcm,bcm2711\"; #address-cells = <2>; #size-cells = "
        "<1>; aliases { serial0 = \"/soc/serial@7e201000\"; serial1 = \"/soc/serial@7e215040\"; }; chosen { }; "
        "soc { serial@7e201000 { compatible = \"arm,pl011\"; status = \"okay\"; bluetooth { }; }; "
        "serial@7e215040 { compatible = \"brcm,bcm2835-aux-uart\"; status = \"okay\"; }; }; };");
    std::string text = script(usual);
    EXPECT_TRUE(only_harmless(judged(text)));
    text.replace(text.find("dtuart=serial1"), 14, "dtuart=serial0");
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{"xen-console-missing"}));
    EXPECT_THAT(found("xen-console-missing"), HasSubstr("/soc/serial@7e201000"));
}

TEST_F(BootCase, AnArmstubCountsWithItsRealSize) {
    const std::string text = "fatload mmc 0:1 0x18000 more.bin\n" + script(usual);
    boot["more.bin"] = "more";
    boot["config.txt"] += "armstub=stub.bin\n";
    boot["stub.bin"] = std::string(512, 's');
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{}));
    boot["stub.bin"] = std::string(0x18001, 's');
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{"load-over-armstub"}));
    boot["stub.bin"] = std::string(512, 's') + "NOTICE:  BL31: %s";  // TF-A's own 512 KiB
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{"load-over-armstub"}));
}

TEST_F(BootCase, WithoutEnableUartUBootHangs) {
    EXPECT_EQ(beyond_harmless(judged(script(usual))), (Ids{}));
    boot["config.txt"] = "arm_64bit=1\nkernel=u-boot.bin\n";
    EXPECT_EQ(beyond_harmless(judged(script(usual))), (Ids{"uart-off-under-uboot"}));
}

TEST_F(BootCase, AScriptThatStartsNothingIsFollowedByTheNext) {
    boot["boot.scr.uimg"] = scr("echo nothing\n");
    EXPECT_TRUE(only_harmless(judged(script(usual))));
    EXPECT_EQ(scenario().script->file, "boot.scr");
}

// --- Kinds of cards, each with all that is to be found on it
// -----------------------------------------------------------------

TEST_F(BootCase, AScriptThatSourcesTheNextIsFollowed) {
    boot["boot2.scr"] = scr(script(usual));
    const std::string stub = "if fatload mmc 0:1 0x2400000 boot2.scr; then source 0x2400000; fi\n";
    const auto ids = judged(stub);
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
    EXPECT_TRUE(scenario().script->reaches_booti);
    boot.erase("boot2.scr");
    EXPECT_EQ(judged(stub),
              (std::set<std::string>{"script-fixed-device", "script-missing-file", "script-never-boots"}));
}

TEST_F(BootCase, WhatComesOverTheNetworkIsNotKnown) {
    const auto ids = judged("setenv serverip 192.0.2.1\ntftpb 0x2400000 boot2.scr\nsource 0x2400000\n");
    EXPECT_EQ(beyond_harmless(ids), (Ids{}));
    EXPECT_FALSE(scenario().script->unfollowed.empty());
}

TEST_F(BootCase, AFat16IsReadAsWell) {
    disk.partitions[0].file_system = "fat16";
    disk.partitions[0].mbr_type = 0x0e;
    disk.partitions[0].cluster_count = 24000;
    EXPECT_EQ(judged(script(usual)), harmless);
}

TEST_F(BootCase, FilesOfTheRootPartitionAreLoadedFromThere) {
    root["boot/Image"] = boot["Image"];
    boot.erase("Image");
    const std::string text = changed(script(usual), "fatload mmc 0:1 0x480000 Image",
                                     "ext4load mmc 0:2 0x480000 boot/Image");
    EXPECT_EQ(judged(text), harmless);
    EXPECT_EQ(scenario().kernel->file, "boot/Image");
    root.erase("boot/Image");
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{"script-missing-file"}));
}

TEST_F(BootCase, AGzipKernelWithItsExactSizeIsNoFault) {
    boot["Image"].replace(0, 64, std::string("\x1f\x8b\x08", 3) + std::string(61, '\0'));
    EXPECT_EQ(judged(script(usual)), harmless);
    boot["Image"] += std::string(4096, 'x');
    EXPECT_EQ(judged(script(usual)), harmless_and({"gzip-kernel-reg-padded"}));
}

TEST_F(BootCase, Dom0MemMayHaveALimitBehindIt) {
    EXPECT_EQ(judged(changed(script(usual), "dom0_mem=512M", "dom0_mem=512M,max:512M")), harmless);
    EXPECT_EQ(judged(changed(script(usual), "dom0_mem=512M", "dom0_mem=64G,max:64G")),
              harmless_and({"dom0-mem-impossible"}));
}

TEST_F(BootCase, BootisInitrdArgumentIsDom0s) {
    boot["initrd.gz"] = std::string(5000, 'i');
    std::string text = "fatload mmc 0:1 0x3400000 initrd.gz\nsetenv isz ${filesize}\n" + script(usual);
    text = changed(text, "booti 0x200000 - ", "booti 0x200000 0x3400000:${isz} ");
    EXPECT_EQ(judged(text), harmless);
    EXPECT_EQ(scenario().script->booti_initrd, "0x3400000:1388");
}

TEST_F(BootCase, ModulesMayStandBelowANodeOfTheirOwn) {
    for (const char* name : {"Image", "xen-raspberrypi4-64", "bcm2711-rpi-4-b.dtb"}) {
        boot["boot/" + std::string(name)] = boot[name];
        boot.erase(name);
    }
    const std::string text =
        "setenv get 'fatload mmc 0:1'\nsetenv where 0x3000000\n"
        "$get $where boot/Image\nsetenv size 0x$filesize\n$get 0x6000000 boot/xen-raspberrypi4-64\n"
        "$get 0x5800000 boot/bcm2711-rpi-4-b.dtb\nfdt addr 0x5800000\nfdt resize 0x1000\n"
        "fdt mknode /chosen parts\nfdt set /chosen/parts '#address-cells' <1>\nfdt set /chosen/parts '#size-cells' "
        "<1>\n"
        "fdt mknode /chosen/parts kernel@0\nfdt set /chosen/parts/kernel@0 compatible xen,linux-zimage "
        "xen,multiboot-module\n"
        "fdt set /chosen/parts/kernel@0 reg <$where $size>\n"
        "fdt set /chosen xen,xen-bootargs \"console=dtuart dtuart=serial1 dom0_mem=512M\"\n"
        "fdt set /chosen xen,dom0-bootargs \"console=hvc0 root=/dev/mmcblk0p2\"\n"
        "booti 0x6000000 - 0x5800000\n";
    const auto ids = judged(text);
    EXPECT_TRUE(only_harmless(ids)) << ::testing::PrintToString(ids);
    EXPECT_EQ(scenario().kernel->file, "boot/Image");
    EXPECT_EQ(scenario().kernel->address, 0x3000000U);
}

TEST_F(BootCase, BootiMovesXenOntoWhatLiesBehindIt) {
    std::string text = script(usual);
    while (text.find("0x200000") != std::string::npos && text.find("0x480000 0x200000>") != text.find("0x200000") - 9)
        text = changed(text, "0x200000", "0x280000");
    text = changed(text, "booti 0x200000", "booti 0x280000");
    EXPECT_EQ(beyond_harmless(judged(text)), (Ids{"xen-misaligned", "xen-reaches-next"}));
}

TEST_F(BootCase, ABridgeWithoutATypeIsNoFaultFrom415On) {
    boot["bcm2711-rpi-4-b.dtb"] = board_tree(
        "bus { #address-cells = <2>; #size-cells = <2>; pcie@7d500001 { compatible = \"brcm,bcm2711-pcie\"; "
        "device_type = "
        "\"pci\"; #address-cells = <3>; #size-cells = <2>; pci@0,0 { #address-cells = <3>; #size-cells = <2>; ranges; "
        "reg = <0 0 0 0 0>; usb@0,0 { reg = <0 0 0 0 0>; }; }; }; };");
    EXPECT_EQ(judged(script(usual)), harmless);
    boot["xen-raspberrypi4-64"] = xen("4.14");
    EXPECT_EQ(beyond_harmless(judged(script(usual))), (Ids{"xen-stumbles-over-pcie", "xen-too-old"}));
}

TEST_F(BootCase, AConfigThatIncludesItselfIsRefused) {
    std::string config;
    for (int line = 0; line < 300; ++line) config += "include config.txt\n";
    boot["config.txt"] = config;
    try {
        judged();
        FAIL() << "300 to the power of 8 lines";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr("config.txt"));
    }
}

TEST_F(BootCase, AScriptThatLoadsWithoutEndIsFollowedToALimit) {
    std::string script;
    for (int place = 0; place < 300; ++place)
        script += "load mmc 0:1 " + std::to_string(10000000 + place * 10000) + " config.txt\n";
    judged(script);
    EXPECT_THAT(notes(), Contains(HasSubstr("256 files in memory")));
}

}  // namespace
}  // namespace rpixen::test
