#include "law/generator.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <span>
#include <vector>

namespace rpixen::test {
namespace {

using nlohmann::json;

/// The standard says what mt19937_64 gives, but not what its distributions make of it.
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed + 1) { engine_.discard(16); }
    std::size_t below(std::size_t limit) { return engine_() % limit; }
    bool percent(unsigned chance) { return below(100) < chance; }

  private:
    std::mt19937_64 engine_;
};

/// A trait that a manifest has with this chance in percent: one of the patches (RFC 7386), each as likely.
struct Trait {
    unsigned chance;
    std::vector<const char*> patches;
};

const char* const base = R"({
  "manifest_version": 1,
  "artifacts": { "xen": "xen", "kernel": "Image", "dtb": "board.dtb", "uboot": "u-boot-2023.01",
                 "firmware": "firmware", "rootfs": "root.tar" },
  "image": { "boot_partition": { "size": "34MiB" }, "root_partition": { "free": "1MiB" } }
})";

const Trait traits[] = {
    {5, {R"({"name": "card-of-the-law"})"}},
    {3, {R"({"board": "raspberrypi4-64"})", R"({"$schema": "manifest.schema.json"})"}},
    {15,
     {R"({"artifacts": {"xen": "xen-4.20"}})", R"({"artifacts": {"xen": "xen-4.8"}})",
      R"({"artifacts": {"xen": "xen.gz"}})"}},
    {35,
     {R"({"artifacts": {"kernel": "Image.gz"}})", R"({"artifacts": {"kernel": "Image.xz"}})",
      R"({"artifacts": {"kernel": "Image.zst"}})", R"({"artifacts": {"kernel": "Image.zboot"}})",
      R"({"artifacts": {"kernel": "Image-larger"}})", R"({"artifacts": {"kernel": "Image-16MiB"}})",
      R"({"artifacts": {"kernel": "Image-5.6"}})", R"({"artifacts": {"kernel": "Image-without-xen"}})"}},
    {20, {R"({"artifacts": {"initrd": "initrd"}})", R"({"artifacts": {"initrd": "initrd-9MiB"}})"}},
    {12,
     {R"({"artifacts": {"xsm_policy": "policy"}})",
      R"({"artifacts": {"xsm_policy": {"path": "policy",
          "sha256": "89209fda5682ccb0c1f1cf272e9c89c369188d70c666bd3b72ade6ccfdb8a087"}}})",
      R"({"artifacts": {"xsm_policy": {"path": "policy",
          "sha256": "0000000000000000000000000000000000000000000000000000000000000000"}}})"}},
    {20,
     {R"({"artifacts": {"dtb": "reserving.dtb"}})", R"({"artifacts": {"dtb": "bare.dtb"}})",
      R"({"artifacts": {"dtb": "pi3.dtb"}})", R"({"artifacts": {"dtb": {"path": "bcm2711-rpi-4-b.dtb"}}})"}},
    {40,
     {R"({"artifacts": {"uboot": "u-boot-2020.07"}})", R"({"artifacts": {"uboot": "u-boot-2025.01"}})",
      R"({"artifacts": {"uboot": "u-boot-2025.10"}})", R"({"artifacts": {"uboot": "u-boot-2026.04"}})",
      R"({"artifacts": {"uboot": "u-boot-mute"}})"}},
    {25,
     {R"({"artifacts": {"firmware": null}})", R"({"artifacts": {"firmware": "firmware-stub"}})",
      R"({"artifacts": {"firmware": "firmware-half"}})"}},
    {65,
     {R"({"artifacts": {"rootfs": "root.tar.gz"}})",
      R"({"artifacts": {"rootfs": "root.tar.xz"}})",
      R"({"artifacts": {"rootfs": "root.tar.zst"}})",
      R"({"artifacts": {"rootfs": "root.tar.bz2"}})",
      R"({"artifacts": {"rootfs": "no-init.tar.zst"}})",
      R"({"artifacts": {"rootfs": "x86.tar.gz"}})",
      R"({"artifacts": {"rootfs": "root-folder"}})",
      R"({"artifacts": {"rootfs": "x86-folder"}})",
      R"({"artifacts": {"rootfs": ["root.tar", "layer.tar"]}})",
      R"({"artifacts": {"rootfs": ["root.tar.zst", "layer.tar", "x86-folder"]}})",
      R"({"artifacts": {"rootfs": ["merged.tar", "root-folder"]}})",
      R"({"artifacts": {"rootfs": "year-1601.tar"}})",
      R"({"artifacts": {"rootfs": "year-1.tar"}})",
      R"({"artifacts": {"rootfs": "least-time.tar"}})",
      R"({"artifacts": {"rootfs": "year-1900.tar"}})",
      R"({"artifacts": {"rootfs": "year-2039.tar"}})",
      R"({"artifacts": {"rootfs": "year-2500.tar"}})",
      R"({"artifacts": {"rootfs": "fraction.tar"}})",
      R"({"artifacts": {"rootfs": "merged.tar"}})",
      R"({"artifacts": {"rootfs": "x86.tar"}})",
      R"({"artifacts": {"rootfs": "other-modules.tar"}})",
      R"({"artifacts": {"rootfs": "no-init.tar"}})",
      R"({"artifacts": {"rootfs": "no-tools.tar"}})",
      R"({"artifacts": {"rootfs": "no-getty.tar"}})",
      R"({"artifacts": {"rootfs": "fstab.tar"}})",
      R"({"artifacts": {"rootfs": "fstab-label.tar"}})",
      R"({"artifacts": {"rootfs": "systemd.tar"}})",
      R"({"artifacts": {"rootfs": "empty.tar"}})",
      R"({"artifacts": {"rootfs": "many.tar"}})",
      R"({"artifacts": {"rootfs": "root.ext4"}, "image": {"root_partition": null}})",
      R"({"artifacts": {"rootfs": "root.ext4"}, "image": {"root_partition": {"size": "8MiB", "free": null}}})",
      R"({"artifacts": {"rootfs": "nameless.ext4"}, "image": {"root_partition": null}})",
      R"({"artifacts": {"rootfs": "x86.ext4"}, "image": {"root_partition": null}})",
      R"({"artifacts": {"rootfs": "root.ext3"}, "image": {"root_partition": null}})",
      R"({"artifacts": {"rootfs": "odd.ext4"}, "image": {"root_partition": null}})",
      R"({"artifacts": {"rootfs": "damaged.ext4"}, "image": {"root_partition": null}})",
      R"({"artifacts": {"rootfs": "root.ext4.gz"}, "image": {"root_partition": null}})"}},
    {20,
     {R"({"overlays": []})", R"({"overlays": ["pi4-64-xen", "model.dtbo"]})",
      R"({"overlays": ["pi4-64-xen", "uart.dtbo"]})", R"({"overlays": ["reserve.dtbo", "pi4-64-xen"]})",
      R"({"overlays": ["pi4-64-xen", "large.dtbo", "model.dtbo"]})", R"({"overlays": ["astray.dtbo"]})",
      R"({"overlays": ["recipe.dtbo"]})"}},
    {30, {R"({"boot": {"script": "classic"}})"}},
    {35, {R"({"boot": {"apply_overlays": "boot"}})"}},
    {35,
     {R"({"boot": {"bootargs": "console=hvc0 root=/dev/mmcblk0p1 rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=/dev/mmcblk1p2 rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=/dev/sda2 rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=LABEL=root rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=LABEL=prebuilt rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=LABEL=other rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=UUID=11111111-2222-4333-8444-555555555555 rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=UUID=99999999-2222-4333-8444-555555555555 rootwait"}})",
      R"({"artifacts": {"initrd": "initrd"}, "boot": {"bootargs": "console=hvc0 root=LABEL=root rootwait"}})",
      R"({"artifacts": {"initrd": "initrd", "rootfs": "root.ext4"}, "image": {"root_partition": null},
          "boot": {"bootargs": "console=hvc0 root=LABEL=prebuilt rootwait"}})",
      R"({"artifacts": {"initrd": "initrd", "rootfs": "root.ext4"}, "image": {"root_partition": null},
          "boot": {"bootargs": "console=hvc0 root=UUID=11111111-2222-4333-8444-555555555555 rootwait"}})",
      R"({"artifacts": {"initrd": "initrd", "rootfs": "x86.ext4"}, "image": {"root_partition": null},
          "boot": {"bootargs": "console=hvc0 root=UUID=99999999-2222-4333-8444-555555555555 rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=PARTUUID=12345678-02 rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=PARTLABEL=root rootwait"}})",
      R"({"boot": {"bootargs": "console=hvc0 root=/dev/ram0"}})", R"({"boot": {"bootargs": "console=hvc0"}})",
      R"({"boot": {"bootargs": "console=ttyS0 root=/dev/mmcblk0p2"}})", R"({"boot": {"bootargs": ""}})"}},
    {20,
     {R"({"boot": {"xen_bootargs": "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=384M"}})",
      R"({"boot": {"xen_bootargs": "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=8G"}})",
      R"({"boot": {"xen_bootargs": "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=512M,max:512M"}})",
      R"({"boot": {"xen_bootargs": "console=dtuart dtuart=/soc/serial@nowhere"}})",
      R"({"boot": {"xen_bootargs": "console=dtuart dtuart=serial0"}})", R"({"boot": {"xen_bootargs": "loglvl=all"}})",
      R"({"boot": {"xen_bootargs": ""}})"}},
    {30,
     {R"({"boot": {"dom0_mem": "32MiB"}})", R"({"boot": {"dom0_mem": "33MiB"}})", R"({"boot": {"dom0_mem": "768MiB"}})",
      R"({"boot": {"dom0_mem": "1GiB"}})", R"({"boot": {"dom0_mem": "4GiB"}})", R"({"boot": {"dom0_mem": "8GiB"}})",
      R"({"boot": {"dom0_mem": 1073741824}})", R"({"boot": {"dom0_mem": "auto"}})",
      R"({"boot": {"dom0_mem": "rest"}})"}},
    {20,
     {R"({"boot": {"env": {"bootdelay": "0"}}})", R"({"boot": {"env": {"bootcmd": "echo stopped"}}})",
      R"({"boot": {"env": {"preboot": "echo hello"}}})", R"({"boot": {"env": {"fdt_high": "ffffffffffffffff"}}})",
      R"({"boot": {"env": {"kernel_addr_r": "0x4000000", "scriptaddr": "0x5400000"}}})",
      R"({"boot": {"env": {"boot_targets": "usb0 mmc0"}}})", R"({"boot": {"env": {"boot_scripts": "other.scr"}}})",
      R"({"boot": {"env": {"loadaddr": ""}}})"}},
    {10,
     {R"({"boot": {"addresses": {"xen": "0x1000000"}}})", R"({"boot": {"addresses": {"xen": "0x280000"}}})",
      R"({"boot": {"addresses": {"xen": "0x80000"}}})", R"({"boot": {"addresses": {"xen": "0x200000"}}})"}},
    {10,
     {R"({"boot": {"addresses": {"kernel": "0x3000000"}}})", R"({"boot": {"addresses": {"kernel": "0x480000"}}})",
      R"({"boot": {"addresses": {"kernel": "0x300000"}}})", R"({"boot": {"addresses": {"kernel": "0x480800"}}})",
      R"({"boot": {"addresses": {"kernel": "0x40000000"}}})"}},
    {10,
     {R"({"boot": {"addresses": {"dtb": "0x2c00000"}}})", R"({"boot": {"addresses": {"dtb": "0x2c00004"}}})",
      R"({"boot": {"addresses": {"dtb": "0x3b000000"}}})", R"({"boot": {"addresses": {"dtb": "0x490000"}}})"}},
    {5,
     {R"({"artifacts": {"initrd": "initrd"}, "boot": {"addresses": {"initrd": "0x8000000"}}})",
      R"({"artifacts": {"initrd": "initrd"}, "boot": {"addresses": {"initrd": "0x480000"}}})"}},
    {5,
     {R"({"artifacts": {"xsm_policy": "policy"}, "boot": {"addresses": {"xsm_policy": "0x9000000"}}})",
      R"({"artifacts": {"xsm_policy": "policy"}, "boot": {"addresses": {"xsm_policy": "0x80"}}})"}},
    {12,
     {R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x18000"}}})",
      R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x1000"}}})",
      R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x0"}}})",
      R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x79000"}}})",
      R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x80000"}}})",
      R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x3b400000"}}})",
      R"({"artifacts": {"firmware": "firmware-stub"}, "boot": {"apply_overlays": "boot",
          "config_txt": ["armstub=armstub8-gic.bin"], "addresses": {"overlay_scratch": "0x4000"}}})",
      R"({"artifacts": {"firmware": "firmware-stub"}, "boot": {"apply_overlays": "boot",
          "config_txt": ["armstub=armstub8-gic.bin"], "addresses": {"overlay_scratch": "0x30000"}}})",
      R"({"boot": {"apply_overlays": "boot", "addresses": {"overlay_scratch": "0x6000000"}}})"}},
    {25,
     {R"({"boot": {"config_txt": ["dtparam=audio=on", "arm_boost=1"]}})",
      R"({"boot": {"config_txt": ["include extra.txt"]}})", R"({"boot": {"config_txt": ["armstub=armstub8-gic.bin"]}})",
      R"({"boot": {"config_txt": ["dtoverlay=disable-bt"]}})", R"({"boot": {"config_txt": ["gpu_mem=256"]}})",
      R"({"boot": {"config_txt": ["total_mem=1024"]}})",
      R"({"boot": {"config_txt": ["[pi3]", "kernel=missing", "[all]"]}})",
      R"({"boot": {"config_txt": ["dtparam=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]}})",
      R"({"boot": {"config_txt": ["device_tree=bcm2711-rpi-4-b.dtb", "# a comment", ""]}})"}},
    {10, {R"({"image": {"size": "64MiB"}})", R"({"image": {"size": "40MiB"}})", R"({"image": {"size": "auto"}})"}},
    {10,
     {R"({"image": {"alignment": "1MiB"}})", R"({"image": {"alignment": "4KiB"}})",
      R"({"image": {"alignment": "16MiB"}})"}},
    {10,
     {R"({"image": {"boot_partition": {"label": "XEN BOOT"}}})", R"({"image": {"boot_partition": {"size": "40MiB"}}})",
      R"({"image": {"boot_partition": {"size": "33MiB"}}})"}},
    {10,
     {R"({"image": {"root_partition": {"label": "system"}}})", R"({"image": {"root_partition": {"free": "0KiB"}}})",
      R"({"image": {"root_partition": {"size": "6MiB", "free": null}}})",
      R"({"image": {"size": "64MiB", "root_partition": {"size": "fill", "free": null}}})"}},
    {20,
     {R"({"artifacts": {"dtb": ["board.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4-io.dtb"]}})",
      R"({"artifacts": {"dtb": ["bcm2711-rpi-cm4-io.dtb", {"path": "bare.dtb"}]}})",
      R"({"artifacts": {"dtb": ["reserving-400.dtb", "bcm2711-rpi-cm4-io.dtb"]}})",
      R"({"artifacts": {"dtb": ["bcm2711-rpi-400.dtb"]}})",
      R"({"artifacts": {"dtb": ["board.dtb", "bcm2711-rpi-400.dtb"]},
          "boot": {"config_txt": ["[pi400]", "total_mem=1024", "[cm4]", "gpu_mem=256", "[all]"]}})",
      R"({"artifacts": {"dtb": ["board.dtb", "reserving.dtb"]}})",
      R"({"artifacts": {"dtb": ["board.dtb", "pi3.dtb"]}})"}},
    {25,
     {R"({"guests": [{"name": "web", "start": "xen", "kernel": "dom0", "memory": "128MiB"}]})",
      R"({"artifacts": {"initrd": "initrd"}, "guests": [{"name": "web", "start": "xen", "kernel": "dom0", "initrd": "dom0",
          "memory": "128MiB", "vcpus": 2, "bootargs": "console=ttyAMA0 cma=0", "pv": "on"}]})",
      R"({"guests": [{"name": "a", "start": "xen", "kernel": "Image.gz", "initrd": {"path": "initrd"}, "memory": 33554432,
          "console": "none"},
         {"name": "b-2", "start": "xen", "kernel": "Image-without-xen", "memory": "64MiB", "console": "vpl011"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "dom0", "memory": "8GiB"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "dom0", "memory": "1GiB"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "Image-5.6", "device_tree": "passthrough.dtb",
          "memory": "16MiB"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "Image-16MiB", "device_tree": "assigning.dtb",
          "memory": "16MiB", "console": "pv", "pv": "on"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "dom0", "memory": "128MiB", "static_memory": "auto"},
         {"name": "b", "start": "xen", "kernel": "dom0", "memory": "32MiB", "static_memory": "auto", "direct_map": true,
          "pv": "on"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "dom0", "memory": "64MiB", "direct_map": true,
          "static_memory": [{"address": "0x2000000", "size": "32MiB"}, {"address": "0x50000000", "size": "32MiB"}],
          "console": "vpl011"}]})",
      R"({"guests": [{"name": "web", "start": "xen", "kernel": "garbage", "memory": "16MiB"}]})"}},
    {20,
     {R"({"guests": [{"name": "db", "start": "xl", "kernel": "dom0", "memory": "96MiB"}]})",
      R"({"guests": [{"name": "db", "start": "xl", "kernel": "Image.xz", "initrd": "initrd", "memory": "160MiB",
          "disk": "root.ext4"}], "network": {"bridge": "xenbr0", "uplink": "eth0"}})",
      R"({"guests": [{"name": "db", "start": "xl", "kernel": "dom0", "memory": "160MiB", "disk": "layer.tar",
          "autostart": false, "console": "vpl011"}]})",
      R"({"guests": [{"name": "db", "start": "xl", "kernel": "Image-5.6", "memory": "160MiB", "disk": "x86-folder"},
         {"name": "web", "start": "xen", "kernel": "dom0", "memory": "128MiB", "pv": "on"}],
         "network": {"bridge": "br0"}})",
      R"({"network": {"bridge": "xenbr0", "uplink": "eth0"}})"}},
    {8,
     {R"({"owners": [{"path": "/etc/**", "uid": 1000, "gid": 1000, "mode": "0700"}]})",
      R"({"owners": [{"path": "/sbin/init", "mode": "0000"}, {"path": "/nowhere", "uid": 1}]})"}},
};

/// A file that may be added, and what it may be.
struct Added {
    const char* partition;
    const char* target;
    std::vector<const char*> sources;
};

const Added added[] = {
    {"boot",
     "/config.txt",
     {"config-sound", "config-32-bit", "config-missing-kernel", "config-kernel-is-xen", "config-include",
      "config-armstub", "config-no-uart", "config-long", "config-no-gic", "config-filters", "config-overlays",
      "config-memory", "config-crlf", "empty"}},
    {"boot", "/CONFIG.TXT", {"config-sound", "config-32-bit"}},
    {"boot", "/extra.txt", {"extra-sound", "extra-32-bit", "garbage"}},
    {"boot", "/armstub8-gic.bin", {"garbage"}},
    {"boot", "/u-boot.bin", {"eight-bytes", "u-boot-2025.10", "u-boot-mute", "garbage", "Image", "elf32", "empty"}},
    {"boot", "/xen-raspberrypi4-64", {"garbage", "xen-4.20", "xen-4.8", "xen.gz", "Image", "empty"}},
    {"boot",
     "/Image",
     {"garbage", "Image-larger", "Image-16MiB", "Image-5.6", "Image-without-xen", "Image.gz", "Image.zboot", "xen",
      "empty"}},
    {"boot", "/initrd.img", {"initrd", "initrd-9MiB", "garbage"}},
    {"boot",
     "/boot.scr",
     {"sound.scr", "moved.scr", "hello.scr", "plain.scr", "missing-file.scr", "no-booti.scr", "syntax.scr",
      "extra-file.scr", "damaged.scr", "garbage", "empty"}},
    {"boot", "/boot.scr.uimg", {"sound.scr", "damaged.scr"}},
    {"boot", "/boot/boot.scr", {"sound.scr", "no-booti.scr"}},
    {"boot", "/boot.cmd", {"note"}},
    {"boot", "/bcm2711-rpi-4-b.dtb", {"board.dtb", "reserving.dtb", "pi3.dtb", "model.dtbo", "garbage", "empty"}},
    {"boot", "/bcm2711-rpi-400.dtb", {"board.dtb", "bcm2711-rpi-400.dtb", "garbage"}},
    {"boot", "/bcm2711-rpi-cm4.dtb", {"bcm2711-rpi-400.dtb", "empty"}},
    {"boot", "/overlays/pi4-64-xen.dtbo", {"recipe.dtbo", "recipe-large.dtbo", "astray.dtbo", "board.dtb", "garbage"}},
    {"boot", "/overlays/recipe.dtbo", {"recipe.dtbo", "recipe-large.dtbo", "large.dtbo"}},
    {"boot", "/overlays/recipe-moved.dtbo", {"recipe-moved.dtbo"}},
    {"boot", "/overlays/disable-bt.dtbo", {"model.dtbo", "garbage"}},
    {"boot", "/uboot.env", {"stopping.env", "stale.env", "sound.env", "short.env", "damaged.env", "empty"}},
    {"boot", "/extlinux/extlinux.conf", {"extlinux-linux", "extlinux-xen", "garbage"}},
    {"boot", "/cmdline.txt", {"note"}},
    {"boot", "/start4.elf", {"garbage", "empty"}},
    {"boot", "/fixup4.dat", {"garbage", "empty"}},
    {"boot", "/start4x.elf", {"garbage"}},
    {"boot", "/extra.bin", {"initrd-9MiB", "note"}},
    {"boot", "/kernel8.img", {"Image"}},
    {"boot", "/policy", {"policy"}},
    {"boot", "/A long name of a file.text", {"note", "empty"}},
    {"root", "/etc/inittab", {"inittab-tty", "inittab-hvc", "empty"}},
    {"root", "/etc/fstab", {"fstab-p3", "fstab-uuid", "fstab-label", "garbage", "empty"}},
    {"root", "/sbin/init", {"elf-x86", "elf-aarch64", "elf32", "shell-script", "empty"}},
    {"root", "/init", {"elf-x86", "elf-aarch64"}},
    {"root", "/bin/sh", {"elf-x86", "elf-aarch64"}},
    {"root", "/lib/modules/5.4.0/modules.dep", {"empty"}},
    {"root", "/lib/modules/6.1.0-37-arm64/modules.dep", {"note"}},
    {"root", "/usr/sbin/xl", {"elf-aarch64", "elf-x86"}},
    {"root", "/usr/lib/xen-4.20/bin/xl", {"elf-aarch64"}},
    {"root", "/usr/lib/libxenctrl.so.4.17", {"elf-aarch64"}},
    {"root", "/etc/securetty", {"note"}},
    {"root", "/boot/boot.scr", {"sound.scr", "damaged.scr"}},
    {"root", "/boot/extlinux/extlinux.conf", {"extlinux-xen"}},
};

/// Without one of two that exclude each other, as the manifest's contract has it: most manifests are to reach
/// the planner.
void make_consistent(json& manifest) {
    if (!manifest.contains("boot")) return;
    json& boot = manifest["boot"];
    if (boot.contains("xen_bootargs") && boot["xen_bootargs"].get<std::string>().find("dom0_mem") != std::string::npos)
        boot.erase("dom0_mem");
    const json& trees = manifest["artifacts"]["dtb"];
    if (boot.value("dom0_mem", json()) == "auto" || boot.value("dom0_mem", json()) == "rest" ||
        (trees.is_array() && trees.size() > 1))
        boot.erase("script");
    if (boot.contains("addresses")) {
        if (!manifest["artifacts"].contains("initrd")) boot["addresses"].erase("initrd");
        if (!manifest["artifacts"].contains("xsm_policy")) boot["addresses"].erase("xsm_policy");
        if (boot.value("apply_overlays", "") != "boot") boot["addresses"].erase("overlay_scratch");
    }
}

json files(Random& random) {
    json list = json::array();
    std::set<std::size_t> taken;
    // Half of the manifests add nothing; the others up to four files.
    for (std::size_t left = random.percent(50) ? 1 + random.below(4) : 0; left != 0; --left) {
        const std::size_t row = random.below(std::size(added));
        const Added& file = added[row];
        if (!taken.insert(row).second) continue;
        json entry{{"partition", file.partition},
                   {"source", file.sources[random.below(file.sources.size())]},
                   {"target", file.target}};
        if (entry["partition"] == "root") {
            entry["mode"] = "0755";
            if (random.percent(20)) entry["uid"] = 1000, entry["gid"] = 100000;
        }
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace

std::string plain_manifest() {
    return base;
}

std::string generated_manifest(std::uint64_t number) {
    Random random(number);
    json manifest = json::parse(base);
    // A few manifests have many traits, most have few, so that one cause does not hide all others.
    const unsigned share = std::array{10U, 30U, 30U, 60U, 100U}[random.below(5)];
    for (const Trait& trait : traits) {
        const bool has = random.percent(trait.chance) && random.percent(share);
        const char* patch = trait.patches[random.below(trait.patches.size())];
        if (has) manifest.merge_patch(json::parse(patch));
    }
    make_consistent(manifest);
    if (json list = files(random); !list.empty()) manifest["files"] = std::move(list);
    return manifest.dump(2) + "\n";
}

PlanRequest generated_request(std::uint64_t number) {
    Random random(~number);
    const auto rules = diagnostic_rules();
    PlanRequest request;
    if (random.percent(20)) request.allow.emplace_back(rules[random.below(rules.size())].id);
    if (random.percent(5)) request.deny.emplace_back(rules[random.below(rules.size())].id);
    if (random.percent(20)) request.source_date_epoch = random.percent(50) ? 1700000000 : 0;
    return request;
}

}  // namespace rpixen::test
