#include "follow/card_changes.hpp"

#include <deque>

#include "follow/card_in_memory.hpp"
#include "format/uboot_script.hpp"
#include "support/run.hpp"

namespace rpixen::test {

using namespace std::string_literals;

const std::string guest_kernel =
    "module@4000000 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = "
    "<0x4000000 0x200000>; }; ";
const std::string guest_size = "memory = <0 0x20000>; cpus = <1>; ";

Survey survey_of(const CardRecipe& recipe) {
    Card card;
    card.size = 68 * MiB;
    card.disk_signature = 0xabcd1234;
    for (const int number : {1, 2}) {
        Partition& partition = card.partitions.emplace_back();
        partition.number = number;
        partition.range = number == 1 ? Range{4 * MiB, 52 * MiB} : Range{52 * MiB, 68 * MiB};
        partition.mbr_type = number == 1 ? 0x0c : 0x83;
        partition.partuuid = mbr_partuuid(card.disk_signature, number);
        partition.tree = tree_of(number == 1 ? recipe.boot : recipe.root);
        if (number == 1) {
            Fat fat;
            fat.size = partition.range.size();
            fat.clusters = 98000;
            fat.cluster_size = 512;
            fat.label = "boot";
            partition.file_system = fat;
        } else {
            Ext ext;
            ext.size = partition.range.size();
            partition.file_system = ext;
        }
    }
    return survey(card);
}

Change script(std::string text) {
    return [text](CardRecipe& card) { card.boot["boot.scr"] = scr(text); };
}
Change boot(std::string path, std::string content) {
    return [path, content](CardRecipe& card) { card.boot[path] = content; };
}
Change config(std::string line) {
    return [line](CardRecipe& card) { card.boot["config.txt"] += line + "\n"; };
}
Change without(std::string path) {
    return [path](CardRecipe& card) {
        card.boot.erase(path);
        card.root.erase(path);
    };
}
/// The Xen binary with other bytes at an offset.
Change xen_with(std::size_t offset, std::string bytes) {
    return [offset, bytes](CardRecipe& card) { card.boot["xen-raspberrypi4-64"].replace(offset, bytes.size(), bytes); };
}
Change kernel_with(std::size_t offset, std::string bytes) {
    return [offset, bytes](CardRecipe& card) { card.boot["Image"].replace(offset, bytes.size(), bytes); };
}
Change xen_line(std::string line, std::string fragments = "") {
    return boot("overlays/pi4-64-xen.dtbo", pi4_overlay(reg(small_kernel), line, fragments));
}
/// The device tree with everything that Xen wants in it; the script then applies no overlay.
Change chosen(std::string text, std::string nodes = "") {
    return [text, nodes](CardRecipe& card) {
        card.boot["bcm2711-rpi-4-b.dtb"] = board_tree(nodes, text);
        card.boot["boot.scr"] = scr(
            "setenv bootargs \"console=hvc0 root=/dev/mmcblk0p2\"\nif fatload ${devtype} "
            "${devnum}:${distro_bootpart} "
            "0x2600000 bcm2711-rpi-4-b.dtb && fatload ${devtype} ${devnum}:${distro_bootpart} 0x200000 "
            "xen-raspberrypi4-64 && fatload ${devtype} ${devnum}:${distro_bootpart} 0x480000 Image; then "
            "booti 0x200000 "
            "- 0x2600000; else echo failed; fi\n");
    };
}
Change all(std::vector<Change> changes) {
    return [changes](CardRecipe& card) {
        for (const Change& change : changes) change(card);
    };
}
Change saved(std::string lines, std::string size = "0x4000") {
    return [lines, size](CardRecipe& card) {
        const TemporaryFolder folder;
        const std::string source = folder.write("env", lines);
        run_ok({"mkenvimage", "-s", size, "-o", folder / "uboot.env", source});
        card.boot["uboot.env"] = read_file(folder.path() / "uboot.env");
    };
}
Change uboot(std::string version) {
    return boot("u-boot.bin", ArtifactKit::uboot(version));
}
/// A U-Boot whose default bootcmd is bootstd's, as from v2023.10 on.
Change bootstd() {
    return [](CardRecipe& card) {
        std::string& binary = card.boot["u-boot.bin"];
        const std::string old = "run distro_bootcmd";
        binary.replace(binary.find(old), old.size(), "bootflow scan     ");
    };
}
/// A further file that the good script loads, as an initrd that no module node names.
Change also_loads(std::string address, std::uint64_t size = 0x1000) {
    return all({boot("more.bin", std::string(size, 'm')),
                script(good_script("${fdt_addr_r}", "0x200000", "fatload ${from} " + address + " more.bin"))});
}

const std::string cells =
    "#address-cells = <1>; #size-cells = <1>; xen,xen-bootargs = \"console=dtuart "
    "dtuart=/soc/serial@7e215040 dom0_mem=512M\"; ";
const std::string dom0 =
    "dom0 { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <0x480000 "
    "0x200000>; }; ";

Change guest(std::string node, std::string kernel, std::string line) {
    return [node, kernel, line](CardRecipe& card) {
        std::string chosen_text = cells + dom0;
        if (!line.empty()) chosen_text.insert(chosen_text.find("dom0_mem"), line + " ");
        chosen(chosen_text + " domU1 { compatible = \"xen,domain\"; #address-cells = <1>; #size-cells = <1>; " + node +
               " };")(card);
        card.boot["domu-kernel"] = kernel;
        card.boot["boot.scr"] = scr(
            "setenv bootargs \"console=hvc0 root=/dev/mmcblk0p2\"\nsetenv from ${devtype} "
            "${devnum}:${distro_bootpart}\n"
            "if fatload ${from} 0x2600000 bcm2711-rpi-4-b.dtb && fatload ${from} 0x200000 xen-raspberrypi4-64 && "
            "fatload ${from} 0x480000 Image && fatload ${from} 0x4000000 domu-kernel; then "
            "booti 0x200000 - 0x2600000; else echo failed; fi\n");
    };
}

/// A guest with a partial tree that gives it a device of the board, in this way.
Change guest_with_tree(std::string way) {
    return [way](CardRecipe& card) {
        guest(guest_size + guest_kernel +
              "module@5000000 { compatible = \"multiboot,device-tree\", \"multiboot,module\"; reg = <0x5000000 "
              "0x1000>; }; ")(card);
        card.boot["guest.dtb"] = compile_tree("/dts-v1/; / { passthrough { dma { xen,path = \"/soc/dma@7e007000\"; " +
                                              way + " }; }; };");
        std::string text = card.boot["boot.scr"].substr(72);
        const std::string last = "fatload ${from} 0x4000000 domu-kernel";
        text.insert(text.find(last), "fatload ${from} 0x5000000 guest.dtb && ");
        card.boot["boot.scr"] = scr(text);
    };
}

/// A guest that xl starts with dom0.
Change xl_guest(std::string lines) {
    return [lines](CardRecipe& card) {
        card.root["etc/xen/auto/db.cfg"] = "# a guest\nname = \"db\"\nkernel = '/boot/config-6.1.0-37-arm64'\n" +
                                           lines + "\n";
    };
}

/// Xen with the configuration of its build inside, as xen/common/config_data.S leaves it.
Change xen_built_with(std::string options) {
    return [options](CardRecipe& card) {
        const std::string packed = run_ok(
            {"gzip", "-9nc"},
            "#\n# Automatically generated file; DO NOT EDIT.\n# Xen/arm 4.17.7 Configuration\n#\n" + options);
        card.boot["xen-raspberrypi4-64"].replace(0x8000, packed.size(), packed);
    };
}

std::string builtin(const std::vector<std::string>& drivers) {
    std::string text;
    for (const std::string& driver : drivers) text += "kernel/drivers/" + driver + ".ko\n";
    return text;
}

std::string config_kernel() {
    const std::string packed = run_ok({"gzip", "-c"},
                                      changed(kernel_config(), "CONFIG_XENFS=y", "# CONFIG_XENFS is not set"));
    std::string kernel = ArtifactKit::kernel(small_kernel);
    const std::string blob = "IKCFG_ST" + packed + "IKCFG_ED";
    kernel.replace(0x10000, blob.size(), blob);
    return kernel;
}

const std::map<std::string, Change>& card_changes() {
    static const std::map<std::string, Change> table{
        // Xen
        {"xen-without-image-header", xen_with(56, "none")},
        {"xen-moved-to-ram-base", xen_with(24, "\x02"s)},
        {"xen-misaligned", script(good_script("${fdt_addr_r}", "0x280000"))},
        {"xen-reaches-next", boot("xen-raspberrypi4-64", xen("4.17", 3 * MiB))},
        {"xen-image-size-zero", xen_with(16, std::string(8, '\0'))},
        {"xen-too-old", boot("xen-raspberrypi4-64", xen("4.14"))},
        {"xen-stumbles-over-pcie",
         [](CardRecipe& card) {
             chosen(cells + dom0,
                    "pcie@1 { compatible = \"brcm,bcm2711-pcie\"; device_type = \"pci\"; pci@1,0 { reg = <0 0 0 0 0>; "
                    "usb@1,0 { reg = <0x10000 0 0 0 0>; }; }; };")(card);
             card.boot["xen-raspberrypi4-64"] = xen("4.14");
         }},
        {"xen-lacks-feature",
         all({guest(guest_size + "xen,static-mem = <0x30000000 0x8000000>; " + guest_kernel),
              xen_built_with("CONFIG_ARM=y\n")})},
        {"xen-ignores-option",
         all({xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=512M xsm=flask"),
              xen_built_with("CONFIG_ARM=y\n# CONFIG_XSM is not set\n")})},
        {"flask-not-chosen",
         all({xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=512M flask=enforcing"),
              xen_built_with("CONFIG_XSM=y\nCONFIG_XSM_FLASK=y\nCONFIG_XSM_SILO_DEFAULT=y\n")})},
        {"xen-of-wrong-kind", boot("xen-raspberrypi4-64",
                                   "\x7f"
                                   "ELF\x02\x01\x01"s +
                                       std::string(70000, 'x'))},
        {"booti-cannot-unpack", boot("xen-raspberrypi4-64", "\x1f\x8b\x08\x00"s + std::string(70000, 'x'))},
        // EFI programs
        {"efi-program-missing", all({config("armstub=RPI_EFI.fd"), boot("RPI_EFI.fd", std::string(2000, 'u'))})},
        {"efi-file-missing",
         all({without("boot.scr"), boot("EFI/BOOT/BOOTAA64.EFI", "MZ"),
              boot("EFI/BOOT/grub.cfg", "xen_hypervisor /xen-raspberrypi4-64\nxen_module /gone\n")})},
        {"efi-starts-linux", all({without("boot.scr"), boot("EFI/BOOT/BOOTAA64.EFI", "MZ"),
                                  boot("EFI/BOOT/grub.cfg", "linux /Image root=/dev/mmcblk0p2\n")})},
        {"efi-menu-without-xen",
         all({without("boot.scr"), boot("EFI/BOOT/BOOTAA64.EFI", "MZ"),
              boot("EFI/BOOT/grub.cfg",
                   "menuentry L { linux /Image\n }\nmenuentry X { xen_hypervisor /xen-raspberrypi4-64\n }\n")})},
        {"bootm-raw-image",
         script("fatload mmc 0:1 0x2600000 bcm2711-rpi-4-b.dtb && fatload mmc 0:1 0x200000 xen-raspberrypi4-64 && "
                "bootm 0x200000 - 0x2600000")},
        {"config-starts-linux", config("kernel=Image")},
        {"config-key-unknown", config("xen_cmdline=dom0_mem=1G")},
        // Guests
        {"guest-device-needs-iommu", guest_with_tree("")},
        {"guest-device-without-direct-map", guest_with_tree("xen,force-assign-without-iommu;")},
        {"guest-static-memory-wrong", guest(guest_size + "xen,static-mem = <0x30000000 0x4000000>; " + guest_kernel)},
        {"guest-static-memory-taken", guest(guest_size + "xen,static-mem = <0x4100000 0x8000000>; " + guest_kernel)},
        {"guest-static-memory-impossible",
         guest(guest_size + "xen,static-mem = <0x38000000 0x8000000>; " + guest_kernel)},
        {"guest-static-memory-excludes-boards",
         guest(guest_size + "xen,static-mem = <0x50000000 0x8000000>; " + guest_kernel)},
        {"guest-direct-map-without-static-memory", guest(guest_size + "direct-map; " + guest_kernel)},
        {"guest-direct-map-console",
         guest(guest_size + "xen,static-mem = <0x30000000 0x8000000>; direct-map; vpl011; " + guest_kernel)},
        {"guest-xenstore-with-static-memory",
         guest(guest_size + "xen,static-mem = <0x30000000 0x8000000>; xen,enhanced; " + guest_kernel)},
        {"guest-kernel-lacks-console", guest("vpl011; " + guest_size + guest_kernel, config_kernel())},
        {"xl-guest-memory-impossible", xl_guest("memory = 9000")},
        {"xl-guest-memory-excludes-boards", xl_guest("memory = \"1024\"")},
        {"xl-guest-file-missing", xl_guest("disk = [\n  'file:/srv/disk.img,xvda,w',\n]")},
        {"xl-guest-backend-missing",  // a configuration without CONFIG_BRIDGE
         all({xl_guest("vif = [ 'bridge=xenbr0' ]"),
              [](CardRecipe& card) { card.root["boot/config-6.1.0-37-arm64"] = kernel_config(); }})},
        {"guest-kernel-missing", guest(guest_size)},
        {"guest-kernel-not-an-image", guest(guest_size + guest_kernel, "\x7f"
                                                                       "ELF\x02\x01\x01"s +
                                                                           std::string(0x1ffff9, 'k'))},
        {"guest-memory-missing", guest("cpus = <1>; " + guest_kernel)},
        {"guest-cpus-missing", guest("memory = <0 0x20000>; " + guest_kernel)},
        {"guest-module-reg-wrong-size", guest(guest_size + guest_kernel, ArtifactKit::kernel(small_kernel + 4096))},
        {"guest-memory-impossible", guest("memory = <0 0x900000>; cpus = <1>; " + guest_kernel)},
        {"guest-memory-excludes-boards", guest("memory = <0 0x100000>; cpus = <1>; " + guest_kernel)},
        {"guest-owns-dom0-module",
         [](CardRecipe& card) {
             guest(guest_size)(card);
             card.boot["xen-raspberrypi4-64"] = xen("4.20");
             card.boot["bcm2711-rpi-4-b.dtb"] = board_tree(
                 "", cells + "domU1 { compatible = \"xen,domain\"; " + guest_size +
                         "module@480000 { compatible = \"multiboot,kernel\", \"multiboot,module\"; reg = <0x480000 "
                         "0x200000>; }; }; " +
                         dom0);
         }},
        {"guest-xenstore-without-dom0",
         [](CardRecipe& card) {
             guest(guest_size + guest_kernel)(card);
             card.boot["bcm2711-rpi-4-b.dtb"] = board_tree(
                 "", cells + "domU1 { compatible = \"xen,domain\"; xen,enhanced; " + guest_size + guest_kernel + " };");
         }},
        {"guest-xenstore-not-started", guest(guest_size + "xen,enhanced = \"enabled\"; " + guest_kernel)},
        {"guest-memory-unscrubbed",
         guest(guest_size + guest_kernel, ArtifactKit::kernel(small_kernel), "bootscrub=0")},
        // Kernel
        {"kernel-not-an-image", kernel_with(0,
                                            "\x7f"
                                            "ELF\x02\x01\x01"s +
                                                std::string(60, '\0'))},
        {"dom0-reg-too-small",
         boot("overlays/pi4-64-xen.dtbo", pi4_overlay(reg(small_kernel - 4096), xen_bootargs))},
        {"gzip-kernel-reg-padded",
         all({kernel_with(0, "\x1f\x8b\x08\x00"s + std::string(60, '\0')),
              boot("overlays/pi4-64-xen.dtbo",
                   pi4_overlay(reg(small_kernel + 4096), xen_bootargs))})},
        {"kernel-packing-unknown", kernel_with(0,
                                               "\xfd"
                                               "7zXZ\0\0"s +
                                                   std::string(60, '\0'))},
        {"kernel-is-zboot",
         kernel_with(0, "MZ\0\0zimg"s + std::string(16, '\0') + "gzip" + std::string(36, '\0'))},
        {"kernel-is-uimage", kernel_with(0, "\x27\x05\x19\x56"s + std::string(60, '\0'))},
        {"dom0-bank-too-small", xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=2M")},
        {"kernel-not-for-xen",
         boot("Image",
              ArtifactKit::arm64_image(small_kernel, 3 * MiB, "Linux version 6.1.0-37-arm64 (x) #1\n\0"s))},
        {"kernel-lacks-xen-drivers", [](CardRecipe& card) { card.boot["Image"] = config_kernel(); }},
        {"kernel-lacks-root-driver",
         [](CardRecipe& card) {
             card.root["boot/config-6.1.0-37-arm64"] = changed(kernel_config(), "CONFIG_MMC_SDHCI_IPROC=y", "CONFIG_MMC_SDHCI_IPROC=m");
             card.root[std::string(modules) + "kernel/drivers/mmc/host/sdhci-iproc.ko"] = "";
         }},
        {"modules-do-not-match-kernel",
         [](CardRecipe& card) {
             card.root.erase("lib/modules/6.1.0-37-arm64/modules.dep");
             card.root["lib/modules/5.15.0/modules.dep"] = "";
         }},
        {"kernel-is-32-bit",
         kernel_with(0, std::string(0x24, '\0') + "\x18\x28\x6f\x01"s + std::string(64, '\0'))},
        {"kernel-too-old-for-xen-dma",
         boot("Image",
              ArtifactKit::arm64_image(
                  small_kernel, 3 * MiB,
                  "Linux version 5.4.0-rpi (x) #1\n\0xen,xen\0Xen %s support found\0arm/xen:starting\0"s))},
        // Placement
        {"memory-overlap", script(good_script("0x500000"))},
        {"module-in-reserved-memory", chosen(cells + dom0,
                                             "reserved-memory { #address-cells = <2>; #size-cells = <1>; "
                                             "ranges; nvram@500000 { reg = <0 0x500000 0x1000>; }; };")},
        {"load-over-armstub", all({config("armstub=stub.bin"), boot("stub.bin", std::string(0x18001, 's'))})},
        {"load-over-uboot", also_loads("0x3a000000")},
        {"load-beyond-low-memory", also_loads("0x3c000000")},
        {"uboot-few-lmb-regions",
         all({uboot("2022.01"),
              chosen(
                  cells + dom0,
                  "reserved-memory { #address-cells = <2>; #size-cells = <1>; ranges;"
                  " a@10000000 { reg = <0 0x10000000 0x1000>; }; b@10010000 { reg = <0 0x10010000 0x1000>; };"
                  " c@10020000 { reg = <0 0x10020000 0x1000>; }; d@10030000 { reg = <0 0x10030000 0x1000>; };"
                  " e@10040000 { reg = <0 0x10040000 0x1000>; }; f@10050000 { reg = <0 0x10050000 0x1000>; };"
                  " g@10060000 { reg = <0 0x10060000 0x1000>; }; h@10070000 { reg = <0 0x10070000 0x1000>; "
                  "}; };")})},
        {"placement-splits-low-memory",
         [](CardRecipe& card) {
             xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=888M",
                      " fragment@1 { target-path = \"/chosen\"; __overlay__ { ramdisk { compatible = "
                      "\"xen,linux-initrd\", "
                      "\"xen,multiboot-module\"; reg = <0x20000000 0x1000>; }; }; };")(card);
             also_loads("0x20000000")(card);
         }},
        // Device tree
        {"dtb-invalid", boot("bcm2711-rpi-4-b.dtb", std::string(20000, 'd'))},
        {"dtb-misaligned", script(good_script("0x2600004"))},
        {"dtb-too-large", script(good_script("${fdt_addr_r}", "0x200000", "fdt resize 0x210000"))},
        {"module-reg-misread",
         boot("overlays/pi4-64-xen.dtbo", pi4_overlay("0 0x480000 0x200000", xen_bootargs))},
        {"dom0-module-missing", chosen(cells)},
        {"module-without-reg",
         chosen(cells + dom0 + "ramdisk { compatible = \"xen,linux-initrd\", \"xen,multiboot-module\"; };")},
        {"module-misplaced", chosen(cells +
                                    "modules { #address-cells = <1>; #size-cells = <1>; deep { "
                                    "#address-cells = <1>; #size-cells = <1>; " +
                                    dom0 + " }; };")},
        {"module-kind-guessed",
         chosen(cells +
                "module@480000 { compatible = \"xen,multiboot-module\"; reg = <0x480000 0x200000>; };")},
        {"module-not-loaded",
         boot("overlays/pi4-64-xen.dtbo", pi4_overlay("0x00880000 0x200000", xen_bootargs))},
        {"module-reg-wrong-size",
         [](CardRecipe& card) {
             xen_line(xen_bootargs,
                      " fragment@1 { target-path = \"/chosen\"; __overlay__ { ramdisk { compatible = "
                      "\"xen,linux-initrd\", "
                      "\"xen,multiboot-module\"; reg = <0x2700000 0x2000>; }; }; };")(card);
             also_loads("0x2700000")(card);
         }},
        {"bootargs-astray",
         chosen("#address-cells = <1>; #size-cells = <1>; xen,dom0-bootargs = \"console=hvc0\"; " + dom0)},
        {"xen-console-missing", xen_line("console=dtuart dtuart=/soc/serial@7e201000 dom0_mem=512M")},
        {"dtb-loses-firmware-edits", uboot("2022.01")},
        {"overlay-applied-twice", config("dtoverlay=pi4-64-xen")},
        {"dtb-is-an-overlay",
         boot("bcm2711-rpi-4-b.dtb", pi4_overlay(reg(small_kernel), xen_bootargs))},
        {"dtb-of-another-board",
         boot("bcm2711-rpi-4-b.dtb",
              compile_tree("/dts-v1/; / { compatible = \"raspberrypi,3-model-b\", \"brcm,bcm2837\"; "
                                 "#address-cells = <1>; #size-cells = <1>; chosen { }; };"))},
        // Overlays
        {"overlay-no-room",
         script(
             good_script("${fdt_addr_r}", "0x200000",
                         "fatload ${from} 0x18000 overlays/large.dtbo && fdt resize && fdt apply 0x18000"))},
        {"overlay-room-by-luck",
         script("setenv bootargs root=/dev/mmcblk0p2; if fdt addr ${fdt_addr} && fdt resize && fatload "
                "${devtype} ${devnum}:${distro_bootpart} 0x18000 "
                "overlays/pi4-64-xen.dtbo && fdt apply 0x18000 && fatload mmc 0:1 0x200000 "
                "xen-raspberrypi4-64 && fatload mmc 0:1 "
                "0x480000 Image; then booti 0x200000 - ${fdt_addr}; else echo no; fi")},
        {"overlay-spoils-tree",
         xen_line(xen_bootargs, " fragment@1 { target-path = \"/gone\"; __overlay__ { a; }; };")},
        {"overlay-target-missing",
         xen_line(xen_bootargs,
                  " fragment@1 { target-path = \"/scb-bus@fc000000/pcie@7d500000\"; __overlay__ { a; }; };")},
        {"overlay-needs-symbols",
         xen_line(xen_bootargs,
                  " fragment@1 { target = <&uart1>; __overlay__ { status = \"okay\"; }; };")},
        {"overlay-not-applicable",
         xen_line(xen_bootargs, " fragment@1 { target = <0xdead>; __overlay__ { a; }; };")},
        {"overlay-is-none", boot("overlays/pi4-64-xen.dtbo", board_tree())},
        // Xen's command line
        {"dom0-mem-missing", xen_line("console=dtuart dtuart=/soc/serial@7e215040")},
        {"dom0-mem-impossible", xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=8G")},
        {"dom0-mem-excludes-boards", xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=3584M")},
        {"low-memory-changed", config("total_mem=1024")},
        {"debug-settings", xen_line("console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=512M sync_console")},
        // Script
        {"script-damaged", [](CardRecipe& card) { card.boot["boot.scr"][100] ^= 1; }},
        {"script-too-large", script(good_script() + "# " + std::string(70000, 'x') + "\n")},
        {"script-not-found", all({without("boot.scr"), boot("boot.cmd", good_script())})},
        {"script-unchecked-steps", script("fatload mmc 0:1 0x2600000 bcm2711-rpi-4-b.dtb; fatload mmc 0:1 "
                                          "0x200000 xen-raspberrypi4-64; booti 0x200000 - 0x2600000")},
        {"script-fixed-device", script("fatload mmc 0:1 0x200000 xen-raspberrypi4-64 && booti 0x200000")},
        {"script-absent-device", script("fatload mmc 1:1 0x200000 xen-raspberrypi4-64 && booti 0x200000")},
        {"script-carriage-return", script("echo hello\r\n" + good_script())},
        {"efi-before-script", all({boot("EFI/BOOT/BOOTAA64.EFI", "MZ"), bootstd()})},
        {"script-decimal-number", script(good_script("${fdt_addr_r}", "0x200000", "fdt resize 1024"))},
        {"script-syntax", script("echo \"never closed\nbooti 0x200000\n")},
        {"script-missing-file", without("Image")},
        {"script-missing-node", script("fatload mmc 0:1 0x2600000 bcm2711-rpi-4-b.dtb; fdt addr 0x2600000; "
                                       "fdt rm /scb/usb@1,0; booti 0x200000 - 0x2600000")},
        {"script-never-boots", script("echo hello\n")},
        {"booti-without-xen",
         script("fatload mmc 0:1 0x2600000 bcm2711-rpi-4-b.dtb && booti 0x900000 - 0x2600000")},
        {"booti-without-tree", script("fatload mmc 0:1 0x200000 xen-raspberrypi4-64 && booti 0x200000")},
        {"nothing-to-boot", without("boot.scr")},
        {"extlinux-without-dom0",
         all({without("boot.scr"), boot("extlinux/extlinux.conf",
                                        "label xen\n kernel /xen-raspberrypi4-64\n initrd /Image\n fdt "
                                        "/bcm2711-rpi-4-b.dtb\n append dom0_mem=512M\n")})},
        {"extlinux-before-script",
         boot("extlinux/extlinux.conf", "label linux\n kernel /Image\n fdt /bcm2711-rpi-4-b.dtb\n")},
        // U-Boot
        {"fdt-addr-stale", saved("fdt_addr=2eff5a00\nbootcmd=run distro_bootcmd\n")},
        {"saved-board-identity", saved("ethaddr=dc:a6:32:00:00:01\nbootcmd=run distro_bootcmd\n")},
        {"tree-over-uboots-own", all({uboot("2026.01"), script(good_script("${fdt_addr}"))})},
        {"uboot-lacks-command",
         [](CardRecipe& card) {
             std::string& binary = card.boot["u-boot.bin"];
             binary.replace(binary.find("failed on fdt_overlay_apply"), 6, "absent");
         }},
        {"fdt-high-set",
         all({uboot("2025.07"), saved("fdt_high=ffffffffffffffff\nbootcmd=run distro_bootcmd\n")})},
        {"saved-environment-size", saved("bootcmd=run distro_bootcmd\n", "0x20000")},
        {"saved-environment-damaged", boot("uboot.env", std::string(0x4000, 'x'))},
        {"uboot-not-64-bit",
         [](CardRecipe& card) { card.boot["u-boot.bin"].replace(0, 4, "\xb8\0\0\xea"s); }},
        // Firmware
        {"config-missing", without("config.txt")},
        {"config-line-too-long", config("dtparam=" + std::string(100, 'x'))},
        {"config-disables-gic", config("enable_gic=0")},
        {"config-not-64-bit", config("arm_64bit=0")},
        {"config-kernel-missing", config("kernel=u-boot2.bin")},
        {"config-kernel-no-program", [](CardRecipe& card) { card.boot["u-boot.bin"] = "no U-Boot"; }},
        {"firmware-incomplete", without("fixup4.dat")},
        {"firmware-missing", all({without("fixup4.dat"), without("start4.elf")})},
        {"label-hides-folder",
         [](CardRecipe& card) {
             card.boot["boot/u-boot.bin"] = card.boot["u-boot.bin"];
             card.boot["config.txt"] += "kernel=boot/u-boot.bin\n";
         }},
        {"label-is-a-folder", boot("Boot/notes.txt", "notes")},
        {"armstub-missing", config("armstub=bl31.bin")},
        {"config-overlay-missing", config("dtoverlay=vc4-kms-v3d,noaudio")},
        {"config-overlay-not-applied", all({config("dtoverlay=tree"), boot("overlays/tree.dtbo", board_tree())})},
        {"config-include-missing", config("include extra.txt")},
        {"uart-off-under-uboot", config("enable_uart=0")},
        {"uart-not-enabled",
         all({config("enable_uart=0"), boot("u-boot.bin", "\x01\x02"s + std::string(70000, 'u'))})},
        // Root
        {"root-not-found", script("setenv bootargs root=/dev/mmcblk0p3\n" +
                                  good_script().substr(good_script().find("setenv from")))},
        {"fstab-root-not-found",
         [](CardRecipe& card) { card.root["etc/fstab"] = "PARTUUID=00000000-02 / ext4 defaults 0 1\n"; }},
        {"no-getty-on-hvc0",
         [](CardRecipe& card) { card.root["etc/inittab"] = "ttyS0::respawn:/sbin/getty -L ttyS0 115200\n"; }},
        {"xen-tools-missing", without("usr/sbin/xl")},
        {"xl-runtime-missing", [](CardRecipe& card) { card.root["var/log/messages"] = ""; }},
        {"firmware-too-old",
         boot("start4.elf", std::string(2000, 's') + "VC_BUILD_ID_TIME: 12:00:00\0VC_BUILD_ID_TIME: Sep 24 2019\0"s)},
        {"xen-tools-version", [](CardRecipe& card) { card.root["usr/lib/libxenlight.so.4.14.0"] = ""; }},
        {"init-not-aarch64", [](CardRecipe& card) { card.root["sbin/init"][18] = 62; }},
        {"init-missing", without("sbin/init")},
        {"root-below-a-folder",
         [](CardRecipe& card) {
             std::map<std::string, std::string> below;
             for (const auto& [path, content] : card.root) below["rootfs/" + path] = content;
             card.root = std::move(below);
         }},
        {"root-inside-a-file",
         [](CardRecipe& card) {
             std::string image(4096, '\0');
             image.replace(1080, 2, "\x53\xef");
             card.root = {{"root.ext4", image}};
         }},
    };
    return table;
}

CardRecipe changeable_card() {
    const TemporaryFolder folder;
    CardRecipe card = good_card(folder, small_kernel);
    card.root.erase("boot/config-6.1.0-37-arm64");  // each test says where the kernel's drivers are told of
    card.boot["overlays/large.dtbo"] = compile_tree(
        "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { large { text = \"" +
        std::string(6000, 'x') + "\"; }; }; }; };");
    return card;
}

}  // namespace rpixen::test
