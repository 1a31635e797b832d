#include <set>

#include <gmock/gmock.h>

#include "follow/card_in_memory.hpp"
#include "follow/good_card.hpp"
#include "follow/survey.hpp"
#include "format/uboot_script.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// Ways to Xen other than boot.scr and booti: the GPU firmware itself, EFI programs, bootm and FITs. Each good
// card and what goes wrong with it.

namespace rpixen {
namespace {

using Ids = std::set<std::string>;

using namespace std::string_literals;
using test::ArtifactKit;
using test::tree_of;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BootPath : public ::testing::Test {
  protected:
    BootPath() {
        boot = test::common_boot(test::small_kernel);
        root = test::good_root();
        disk = test::good_disk();
        disk.partitions[0].label = "BOOT";
        disk.partitions[1].label = "root";
    }

    std::set<std::string> judged() {
        const FileTree boot_tree = tree_of(boot);
        const FileTree root_tree = tree_of(root);
        survey_ = survey({disk, {{1U, &boot_tree}, {2U, &root_tree}}});
        std::set<std::string> ids;
        found.clear();
        for (const Diagnostic& diagnostic : judge(survey_.scenario)) {
            ids.insert(diagnostic.id);
            found[diagnostic.id] = diagnostic.found;
        }
        return ids;
    }
    const BootScenario& scenario() const { return survey_.scenario; }
    std::string open() const { return survey_.not_followed; }

    /// Xen, zeros up to 2.5 MiB, then Linux; the overlay's reg as given.
    void composite(std::uint64_t reg_size) {
        std::string both = boot["xen-raspberrypi4-64"];
        both.resize(0x280000);
        boot["kernel8.img"] = both + boot["Image"];
        for (const char* file : {"u-boot.bin", "xen-raspberrypi4-64", "Image"}) boot.erase(file);
        boot["overlays/pi4-64-xen.dtbo"] = test::pi4_overlay(test::reg(reg_size), test::xen_bootargs);
        boot["cmdline.txt"] = "console=hvc0 root=/dev/mmcblk0p2 rootwait\n";
        boot["config.txt"] =
            "arm_64bit=1\nkernel=kernel8.img\nkernel_address=0x200000\ndtoverlay=pi4-64-xen\n"
            "enable_uart=1\n";
    }

    /// GRUB with a menu entry for Xen; `kernel` is what it names.
    void grub(const std::string& kernel = "Image") {
        boot["EFI/BOOT/BOOTAA64.EFI"] = "MZ" + std::string(5000, 'g');
        boot["EFI/BOOT/grub.cfg"] =
            "menuentry 'Xen' {\n search --no-floppy --label --set=root BOOT\n xen_hypervisor /xen-raspberrypi4-64 "
            "placeholder console=dtuart dtuart=serial1 dom0_mem=512M\n xen_module /" +
            kernel + " placeholder console=hvc0 root=/dev/mmcblk0p2 ro\n devicetree /bcm2711-rpi-4-b.dtb\n}\n";
    }

    void script(const std::string& text) {
        boot["boot.scr"] = std::string(as_text(make_uboot_script(text, 0, "test")));
    }

    std::map<std::string, std::string> boot;
    std::map<std::string, std::string> root;
    std::map<std::string, std::string> found;
    DiskFacts disk;

  private:
    Survey survey_;
};

TEST_F(BootPath, TheFirmwareStartsXenWithLinuxBehindIt) {
    composite(test::small_kernel);
    EXPECT_THAT(judged(), IsEmpty());
    ASSERT_TRUE(scenario().xen);
    EXPECT_EQ(scenario().xen->address, 0x200000U);
    ASSERT_TRUE(scenario().kernel);
    EXPECT_EQ(scenario().kernel->address, 0x480000U);
    EXPECT_EQ(scenario().kernel->size, test::small_kernel);
    EXPECT_EQ(scenario().dom0_bootargs, "console=hvc0 root=/dev/mmcblk0p2 rootwait");
    EXPECT_FALSE(scenario().script);
    EXPECT_EQ(open(), "");
}

TEST_F(BootPath, TheSameWithASmallRegIsAnError) {
    composite(test::small_kernel - 4096);
    EXPECT_EQ(judged(), (Ids{"dom0-reg-too-small"}));
}

TEST_F(BootPath, TheSameWithoutItsOverlayLacksDom0) {
    composite(test::small_kernel);
    boot.erase("overlays/pi4-64-xen.dtbo");
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"bootargs-astray", "config-overlay-missing", "dom0-module-missing"}));
}

TEST_F(BootPath, TheSameWithAnotherAddressPointsBesideLinux) {
    composite(test::small_kernel);
    boot["config.txt"] += "kernel_address=0x400000\n";
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"kernel-not-an-image", "xen-reaches-next"}));
}

TEST_F(BootPath, TheFirmwareLoadsDom0ByInitramfs) {
    composite(test::small_kernel);
    boot["Image"] = boot["kernel8.img"].substr(0x280000);
    boot["kernel8.img"].resize(0x200000);
    boot["config.txt"] += "initramfs Image 0x480000\n";
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().kernel->file, "Image");
}

TEST_F(BootPath, InventedKeysAndAnAddressBeyondLowMemory) {
    boot["config.txt"] =
        "enable_uart=1\nkernel=xen-raspberrypi4-64\nkernel_address=0x46000000\n"
        "xen_cmdline=dom0_mem=1024M\nramdisk_address=0x50000000\n";
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"bootargs-astray", "config-key-unknown", "dom0-module-missing", "load-beyond-low-memory"}));
    EXPECT_EQ(found["config-key-unknown"], "xen_cmdline (config.txt line 4) and ramdisk_address (config.txt line 5)");
}

TEST_F(BootPath, TheFirmwareStartsLinuxAlone) {
    boot["config.txt"] = "enable_uart=1\nkernel=Image\n";
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"config-starts-linux"}));
}

TEST_F(BootPath, AnUnknownProgramLeavesTheVerdictOpen) {
    boot["config.txt"] = "enable_uart=1\nkernel=mystery.bin\n";
    boot["mystery.bin"] = "\x01\x02\x03" + std::string(70000, 'm');
    EXPECT_EQ(judged(), (Ids{}));
    EXPECT_THAT(open(), HasSubstr("mystery.bin"));
}

TEST_F(BootPath, UBootStartsGrub) {
    grub();
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().xen->file, "xen-raspberrypi4-64");
    EXPECT_EQ(scenario().kernel->file, "Image");
    EXPECT_EQ(scenario().xen_bootargs, "placeholder console=dtuart dtuart=serial1 dom0_mem=512M");
    EXPECT_EQ(scenario().device_tree->file, "bcm2711-rpi-4-b.dtb");
    EXPECT_EQ(open(), "");
}

TEST_F(BootPath, GrubNamesAKernelThatIsNotThere) {
    grub("vmlinuz-6.1.0");
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"dom0-module-missing", "efi-file-missing"}));
    EXPECT_EQ(found["efi-file-missing"], "vmlinuz-6.1.0 (EFI/BOOT/grub.cfg line 4)");
}

TEST_F(BootPath, WhatGrubLoadsIsJudgedAsEverythingElse) {
    grub();
    boot["Image"] =
        "\x7f"
        "ELF\x02\x01\x01"s +
        std::string(2000000, 'k');
    boot["EFI/BOOT/grub.cfg"].replace(boot["EFI/BOOT/grub.cfg"].find("dom0_mem=512M"), 13, "dom0_mem=9G");
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"dom0-mem-impossible", "kernel-not-an-image"}));
}

TEST_F(BootPath, GrubsFirstEntryIsLinux) {
    grub();
    boot["EFI/BOOT/grub.cfg"] = "menuentry 'Linux' { linux /Image root=/dev/mmcblk0p2\n }\n" +
                                boot["EFI/BOOT/grub.cfg"];
    EXPECT_EQ(judged(), (Ids{"efi-menu-without-xen"}));
    boot["EFI/BOOT/grub.cfg"] = "menuentry 'Linux' { linux /Image root=/dev/mmcblk0p2\n }\n";
    EXPECT_EQ(judged(), (Ids{"efi-starts-linux"}));
}

TEST_F(BootPath, AnEfiProgramWithoutAConfigurationLeavesTheVerdictOpen) {
    boot["EFI/BOOT/BOOTAA64.EFI"] = "MZ" + std::string(5000, 'g');
    EXPECT_EQ(judged(), (Ids{}));
    EXPECT_THAT(open(), HasSubstr("EFI/BOOT/BOOTAA64.EFI"));
}

TEST_F(BootPath, UBootStartsXenWithItsConfiguration) {
    boot["EFI/BOOT/BOOTAA64.EFI"] = boot["xen-raspberrypi4-64"];
    boot["EFI/BOOT/Image"] = boot["Image"];
    boot["EFI/BOOT/BOOTAA64.cfg"] =
        "[global]\ndefault=xen\n[xen]\noptions=console=dtuart dtuart=serial1 "
        "dom0_mem=512M\nkernel=Image console=hvc0 root=/dev/mmcblk0p2\n"
        "dtb=\\bcm2711-rpi-4-b.dtb\n";
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().kernel->file, "EFI/BOOT/Image");
    EXPECT_EQ(scenario().dom0_bootargs, "console=hvc0 root=/dev/mmcblk0p2");
    boot.erase("EFI/BOOT/Image");
    EXPECT_EQ(judged(), (Ids{"dom0-module-missing", "efi-file-missing"}));
    boot.erase("EFI/BOOT/BOOTAA64.cfg");
    EXPECT_EQ(judged(), (Ids{"efi-file-missing"}));
    EXPECT_THAT(found["efi-file-missing"], HasSubstr("BOOTAA64.cfg"));
}

TEST_F(BootPath, AScriptStartsTheEfiProgram) {
    grub();
    script(
        "load ${devtype} ${devnum}:${distro_bootpart} ${kernel_addr_r} EFI/BOOT/BOOTAA64.EFI && "
        "bootefi ${kernel_addr_r} ${fdt_addr}\n");
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().kernel->file, "Image");
}

TEST_F(BootPath, Edk2NeedsNoKernel) {
    grub();
    boot.erase("u-boot.bin");
    boot["RPI_EFI.fd"] = std::string(40, '\0') + "_FVH" + std::string(2000, '\0');
    boot["config.txt"] =
        "arm_64bit=1\nenable_uart=1\nenable_gic=1\narmstub=RPI_EFI.fd\n"
        "disable_commandline_tags=1\ndevice_tree_address=0x1f0000\ndevice_tree_end=0x200000\n";
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().xen->file, "xen-raspberrypi4-64");
    boot.erase("EFI/BOOT/BOOTAA64.EFI");
    EXPECT_EQ(judged(), (Ids{"efi-program-missing"}));
}

class BootmPath : public BootPath {
  protected:
    /// mkimage's own uImage of Xen.
    std::string uimage(const std::string& compression = "none") {
        const std::string xen = folder.write("xen", boot["xen-raspberrypi4-64"]);
        std::string data = xen;
        if (compression == "gzip") {
            test::run_ok({"gzip", "-kf", xen});
            data = xen + ".gz";
        }
        test::run_ok({"mkimage", "-A", "arm64", "-O", "linux", "-T", "kernel", "-C", compression, "-a", "0x200000",
                      "-e", "0x200000", "-d", data, folder / "xen.uimg"});
        return test::read_file(folder.path() / "xen.uimg");
    }
    /// The script of a good card up to its last command.
    void steps(const std::string& loads, const std::string& start) {
        boot["overlays/pi4-64-xen.dtbo"] = test::pi4_overlay(test::reg(test::small_kernel), test::xen_bootargs);
        script(
            "setenv bootargs \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n"
            "setenv from \"${devtype} ${devnum}:${distro_bootpart}\"\n"
            "if " +
            loads +
            " && fdt addr ${fdt_addr_r} && fdt resize 0x1000 && fatload ${from} 0x18000 "
            "overlays/pi4-64-xen.dtbo && fdt apply 0x18000; then " +
            start + "; else echo failed; fi\n");
    }
    static constexpr const char* two =
        "fatload ${from} 0x480000 Image && fatload ${from} ${fdt_addr_r} "
        "bcm2711-rpi-4-b.dtb && ";
    test::TemporaryFolder folder;
};

TEST_F(BootmPath, StartsAUImageOfXen) {
    boot["xen.uimg"] = uimage();
    steps(two + "fatload ${from} 0x8000000 xen.uimg"s, "bootm 0x8000000 - ${fdt_addr_r}");
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().xen->address, 0x200000U);
    boot["xen.uimg"] = uimage("gzip");
    EXPECT_THAT(judged(), IsEmpty());
    EXPECT_EQ(scenario().xen->address, 0x200000U);
}

TEST_F(BootmPath, RefusesARawImage) {
    steps(two + "fatload ${from} 0x200000 xen-raspberrypi4-64"s, "bootm 0x200000 - ${fdt_addr_r}");
    const auto ids = judged();
    EXPECT_EQ(ids, (Ids{"bootm-raw-image"}));
    EXPECT_THAT(found["bootm-raw-image"], HasSubstr("xen-raspberrypi4-64 at 0x200000"));
}

TEST_F(BootmPath, AFitHoldsEverything) {
    const std::string fit_source =
        "/dts-v1/; / { description = \"x\"; #address-cells = <1>; images {\n"
        "xen { description = \"x\"; data = /incbin/(\"" +
        folder.write("xen", boot["xen-raspberrypi4-64"]) +
        "\"); type = \"kernel\"; arch = \"arm64\"; os = \"linux\"; compression = \"none\"; load = <0x200000>; entry = "
        "<0x200000>; };\n"
        "linux { description = \"l\"; data = /incbin/(\"" +
        folder.write("Image", boot["Image"]) +
        "\"); type = \"kernel\"; arch = \"arm64\"; os = \"linux\"; compression = \"none\"; load = <0x480000>; entry = "
        "<0x480000>; };\n"
        "fdt { description = \"d\"; data = /incbin/(\"" +
        folder.write("dtb", boot["bcm2711-rpi-4-b.dtb"]) +
        "\"); type = \"flat_dt\"; arch = \"arm64\"; compression = \"none\"; };\n"
        "}; configurations { default = \"c\"; c { kernel = \"xen\"; loadables = \"linux\"; fdt = \"fdt\"; }; }; };\n";
    const std::string source = folder.write("boot.its", fit_source);
    for (const bool outside : {false, true}) {
        std::vector<std::string> command{"mkimage", "-f", source};
        if (outside) command.insert(command.begin() + 1, "-E");
        command.push_back(folder / "boot.fit");
        test::run_ok(command);
        boot["boot.fit"] = test::read_file(folder.path() / "boot.fit");
        boot.erase("Image");
        boot.erase("xen-raspberrypi4-64");
        steps(
            "fatload ${from} 0x8000000 boot.fit && imxtract 0x8000000 xen 0x200000 && imxtract 0x8000000 linux "
            "0x480000 "
            "&& imxtract 0x8000000 fdt ${fdt_addr_r}",
            "booti 0x200000 - ${fdt_addr_r}");
        EXPECT_THAT(judged(), IsEmpty()) << outside;
        EXPECT_EQ(scenario().kernel->size, test::small_kernel);
        steps("fatload ${from} 0x8000000 boot.fit && imxtract 0x8000000 fdt ${fdt_addr_r}",
              "bootm 0x8000000 - ${fdt_addr_r}");
        EXPECT_THAT(judged(), IsEmpty()) << outside;
        EXPECT_EQ(scenario().xen->address, 0x200000U);
    }
    steps("fatload ${from} 0x8000000 boot.fit && imxtract 0x8000000 zen 0x200000", "booti 0x200000 - ${fdt_addr_r}");
    EXPECT_EQ(judged(), (Ids{"script-missing-file", "script-never-boots"}));
}

}  // namespace
}  // namespace rpixen
