#include "law/stock.hpp"

#include <cstring>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using namespace std::string_literals;

std::string compile(const std::string& source, bool symbols = false) {
    std::vector<std::string> argv{"dtc", "-I", "dts", "-O", "dtb", "-q"};
    if (symbols) argv.emplace_back("-@");
    return run_ok(argv, source);
}

std::string overlay(const std::string& path, const std::string& content) {
    return compile("/dts-v1/; /plugin/; / { compatible = \"brcm,bcm2711\"; fragment@0 { target-path = \"" + path +
                   "\"; __overlay__ { " + content + " }; }; };");
}

/// What the Yocto recipe ships: dom0's module with a fixed reg.
std::string recipe_overlay(const std::string& reg) {
    return overlay("/chosen",
                   "#address-cells = <1>; #size-cells = <1>; xen,xen-bootargs = \"console=dtuart "
                   "dtuart=/soc/serial@7e215040 dom0_mem=512M\"; dom0 { compatible = \"xen,linux-zimage\", "
                   "\"xen,multiboot-module\"; reg = <" +
                       reg + ">; };");
}

void write_trees(const TemporaryFolder& folder) {
    const std::string board = ArtifactKit::device_tree();
    folder.write("board.dtb", board);
    folder.write("bcm2711-rpi-4-b.dtb", board);
    const auto variant = [&](const char* name, const std::string& nodes, const std::string& compatible) {
        folder.write(name, compile("/dts-v1/; /memreserve/ 0x0 0x1000; / { compatible = " + compatible +
                                       "; #address-cells = <2>; #size-cells = <1>; aliases { serial1 = "
                                       "\"/soc/serial@7e215040\"; emmc2bus = \"/emmc2bus\"; }; chosen { }; soc { "
                                       "#address-cells = <1>; #size-cells = <1>; serial@7e215040 { compatible = "
                                       "\"brcm,bcm2835-aux-uart\"; status = \"okay\"; }; }; " +
                                       nodes + " };",
                                   true));
    };
    const std::string own = "\"raspberrypi,4-model-b\", \"brcm,bcm2711\"";
    variant("reserving.dtb",
            "emmc2bus { }; reserved-memory { #address-cells = <2>; #size-cells = <1>; ranges; "
            "fixed@3000000 { reg = <0 0x3000000 0x100000>; }; };",
            own);
    variant("bare.dtb", "", own);
    variant("pi3.dtb", "", "\"raspberrypi,3-model-b\", \"brcm,bcm2837\"");
    variant("bcm2711-rpi-400.dtb", "emmc2bus { };", "\"raspberrypi,400\", \"brcm,bcm2711\"");
    variant("reserving-400.dtb",
            "emmc2bus { }; reserved-memory { #address-cells = <2>; #size-cells = <1>; ranges; "
            "fixed@500000 { reg = <0 0x500000 0x100000>; }; };",
            "\"raspberrypi,400\", \"brcm,bcm2711\"");
    variant("bcm2711-rpi-cm4-io.dtb", "emmc2bus { filler = \"" + std::string(20000, 'f') + "\"; };",
            "\"raspberrypi,4-compute-module\", \"brcm,bcm2711\"");
    folder.write("passthrough.dtb", compile("/dts-v1/; / { #address-cells = <2>; #size-cells = <1>; passthrough { "
                                            "compatible = \"simple-bus\"; ranges; }; };"));
    folder.write("assigning.dtb",
                 compile("/dts-v1/; / { #address-cells = <2>; #size-cells = <1>; passthrough { "
                         "compatible = \"simple-bus\"; ranges; dma { xen,path = \"/soc/dma\"; }; "
                         "forced { xen,path = \"/soc/dma\"; xen,force-assign-without-iommu; }; }; };"));
    folder.write("model.dtbo", overlay("/", "model = \"another\";"));
    folder.write("uart.dtbo", overlay("/soc/serial@7e215040", "status = \"disabled\";"));
    folder.write("reserve.dtbo", overlay("/",
                                         "reserved-memory { #address-cells = <2>; #size-cells = <1>; ranges; "
                                         "block@4000000 { reg = <0 0x4000000 0x100000>; }; };"));
    folder.write("astray.dtbo", overlay("/no/such/node", "a;"));
    folder.write("large.dtbo", overlay("/", "filler = \"" + std::string(30000, 'f') + "\";"));
    folder.write("recipe.dtbo", recipe_overlay("0x00480000 0x10000"));
    folder.write("recipe-moved.dtbo", recipe_overlay("0x01000000 0x10000"));
    folder.write("recipe-large.dtbo", recipe_overlay("0x00480000 0x1400000"));
}

/// An Image packed behind an EFI program, as Linux' zinstall makes it.
std::string zboot(const std::string& packed) {
    std::string bytes(64, '\0');
    bytes.replace(0, 2, "MZ");
    bytes.replace(4, 4, "zimg");
    const auto store = [&](std::size_t at, std::uint32_t value) { std::memcpy(&bytes[at], &value, 4); };
    store(8, 64);
    store(12, static_cast<std::uint32_t>(packed.size()));
    bytes.replace(24, 4, "gzip");
    return bytes + packed;
}

void write_binaries(const TemporaryFolder& folder) {
    const auto kernel = [](std::uint64_t size, const std::string& release, const std::string& more) {
        return ArtifactKit::arm64_image(size, size + 0x10000, "Linux version " + release + " (gcc) #1 SMP\n\0"s + more);
    };
    const std::string marks = "xen,xen\0Xen %s support found\0arm/xen:starting\0"s;
    folder.write("Image", kernel(0x10000, "6.1.0-37-arm64", marks));
    folder.write("Image-larger", kernel(0x21000, "6.1.0-37-arm64", marks));
    folder.write("Image-16MiB", kernel(0x1100000, "6.6.1", marks));
    folder.write("Image-5.6", kernel(0x10000, "5.6.0", marks));
    folder.write("Image-without-xen", kernel(0x10000, "6.12.1-v8", ""));
    folder.write("Image.gz", run_ok({"gzip", "-nc"}, read_file(folder / "Image")));
    folder.write("Image.xz", run_ok({"xz", "-c"}, read_file(folder / "Image")));
    folder.write("Image.zst", run_ok({"zstd", "-qc"}, read_file(folder / "Image")));
    folder.write("Image.zboot", zboot(read_file(folder / "Image.gz")));
    const auto xen = [](const std::string& version) {
        return ArtifactKit::arm64_image(0x10000, 0x200000, "xen,xen-" + version + "\0"s);
    };
    folder.write("xen", ArtifactKit::xen());
    folder.write("xen-4.20", xen("4.20"));
    folder.write("xen-4.8", xen("4.8"));
    folder.write("xen.gz", run_ok({"gzip", "-nc"}, ArtifactKit::xen()));
    for (const char* version : {"2020.07", "2023.01", "2025.01", "2025.10", "2026.04"})
        folder.write("u-boot-"s + version, ArtifactKit::uboot(version));
    std::string mute = ArtifactKit::uboot();
    mute.replace(mute.find("## Executing script"), 19, std::string(19, '-'));
    mute.replace(mute.find("booti"), 5, "-----");
    folder.write("u-boot-mute", mute);
    folder.write("garbage", std::string(3000, 'g'));
    folder.write("eight-bytes", "12345678");
    folder.write("empty", "");
    folder.write("note", "a note\n");
    folder.write("elf32",
                 "\x7f"
                 "ELF\x01\x01\x01"s +
                     std::string(9, '\0') + "\2\0\x28\0"s + std::string(60, '\0'));
    folder.write("initrd", "070701" + std::string(5000, 'i'));
    folder.write("initrd-9MiB", "\x1f\x8b\x08" + std::string(9 << 20, 'i'));
    folder.write("policy", "\x8c\xff\x7c\xf9" + std::string(3000, 'p'));
    folder.write("firmware/start4.elf", std::string(5000, 's'));
    folder.write("firmware/fixup4.dat", std::string(700, 'f'));
    folder.write("firmware-stub/start4.elf", std::string(5000, 's'));
    folder.write("firmware-stub/fixup4.dat", std::string(700, 'f'));
    folder.write("firmware-stub/armstub8-gic.bin", std::string(0x9000, 'a'));
    folder.write("firmware-stub/overlays/disable-bt.dtbo", overlay("/", "bt;"));
    folder.write("firmware-half/start4.elf", std::string(5000, 's'));
}

void write_configs(const TemporaryFolder& folder) {
    const auto config = [&](const char* name, const std::string& lines) { folder.write("config-"s + name, lines); };
    const std::string sound = "arm_64bit=1\nkernel=u-boot.bin\nenable_uart=1\n";
    config("sound", sound);
    config("32-bit", "arm_64bit=0\n");
    config("missing-kernel", "arm_64bit=1\nkernel=missing\nenable_uart=1\n");
    config("kernel-is-xen", "arm_64bit=1\nkernel=xen-raspberrypi4-64\nenable_uart=1\n");
    config("include", sound + "include extra.txt\n");
    config("armstub", sound + "armstub=armstub8-gic.bin\n");
    config("no-uart", "arm_64bit=1\nkernel=u-boot.bin\nenable_uart=0\n");
    config("long", sound + "dtparam=" + std::string(120, 'x') + "\n");
    config("no-gic", sound + "enable_gic=0\n");
    config("filters", "[pi3]\narm_64bit=0\n[pi4]\n" + sound + "[none]\nkernel=missing\n[all]\n");
    config("overlays", sound + "dtoverlay=disable-bt\ndtoverlay=pi4-64-xen\n");
    config("memory", sound + "total_mem=1024\ngpu_mem=256\n");
    config("crlf", "arm_64bit=1\r\nkernel=u-boot.bin\r\nenable_uart=1\r\n");
    folder.write("extra-32-bit", "arm_64bit=0\n");
    folder.write("extra-sound", "dtparam=audio=on\n");
}

void write_scripts(const TemporaryFolder& folder) {
    const auto script = [&](const std::string& name, const std::string& text) {
        const std::string source = folder.write(name + ".cmd", text);
        run_ok({"mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "law", "-d", source, folder / name});
    };
    const auto boot = [](const std::string& first, const std::string& kernel, const std::string& last) {
        return first +
               "setenv bootargs \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n"
               "setenv from \"${devtype} ${devnum}:${distro_bootpart}\"\n"
               "fatload ${from} 0x2a00000 bcm2711-rpi-4-b.dtb && fdt addr 0x2a00000 && fdt resize 0x2000 && "
               "fatload ${from} 0x18000 overlays/recipe.dtbo && fdt apply 0x18000 && "
               "fatload ${from} 0x200000 xen-raspberrypi4-64 && fatload ${from} 0x480000 " +
               kernel + " && " + last + "\n";
    };
    script("sound.scr", boot("", "Image", "booti 0x200000 - 0x2a00000"));
    script("plain.scr",
           "setenv from \"${devtype} ${devnum}:${distro_bootpart}\"\n"
           "fatload ${from} 0x2a00000 bcm2711-rpi-4-b.dtb && fatload ${from} 0x200000 "
           "xen-raspberrypi4-64 && fatload ${from} 0x480000 Image && booti 0x200000 - 0x2a00000\n");
    script("missing-file.scr", boot("", "Image-is-not-here", "booti 0x200000 - 0x2a00000"));
    script("no-booti.scr", boot("", "Image", "echo done"));
    script("syntax.scr", boot("if true; then\n", "Image", "booti 0x200000 - 0x2a00000"));
    script("extra-file.scr", boot("fatload mmc 0:1 0x6000000 extra.bin\n", "Image", "booti 0x200000 - 0x2a00000"));
    script("hello.scr", "echo hello\n");
    script("moved.scr",
           "setenv bootargs \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n"
           "setenv from \"${devtype} ${devnum}:${distro_bootpart}\"\n"
           "fatload ${from} 0x2a00000 bcm2711-rpi-4-b.dtb && fdt addr 0x2a00000 && fdt resize 0x2000 && "
           "fatload ${from} 0x18000 overlays/recipe-moved.dtbo && fdt apply 0x18000 && "
           "fatload ${from} 0x200000 xen-raspberrypi4-64 && fatload ${from} 0x1000000 Image && "
           "booti 0x200000 - 0x2a00000\n");
    std::string damaged = read_file(folder / "sound.scr");
    damaged[100] = static_cast<char>(damaged[100] ^ 1);
    folder.write("damaged.scr", damaged);
    const auto environment = [&](const std::string& name, const std::string& size, const std::string& lines) {
        const std::string source = folder.write(name + ".txt", lines);
        run_ok({"mkenvimage", "-s", size, "-o", folder / name, source});
    };
    environment("stopping.env", "0x4000", "bootcmd=echo stopped\nbootdelay=2\n");
    environment("stale.env", "0x4000", "bootcmd=run distro_bootcmd\nfdt_addr=2eff2e00\nethaddr=dc:a6:32:1:2:3\n");
    environment("sound.env", "0x4000", "bootcmd=run distro_bootcmd\nbootdelay=1\n");
    environment("short.env", "0x2000", "bootcmd=run distro_bootcmd\n");
    std::string bad = read_file(folder / "sound.env");
    bad[6] = '~';
    folder.write("damaged.env", bad);
    folder.write("extlinux-linux", "DEFAULT l\nLABEL l\n KERNEL /Image\n FDT /bcm2711-rpi-4-b.dtb\n");
    folder.write("extlinux-xen", "LABEL xen\n KERNEL /xen-raspberrypi4-64\n FDT /bcm2711-rpi-4-b.dtb\n");
}

/// Root file systems as tars: "root.tar" that no rule complains of, and some that one does.
void write_tars(const TemporaryFolder& folder) {
    run_ok({"python3", "-c", R"(
import io, os, struct, sys, tarfile
def elf(machine):
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, machine, 1) + bytes(100)
good = {"sbin/init": elf(183), "etc/inittab": b"hvc0::respawn:/sbin/getty -L hvc0 115200 vt100\n",
        "etc/fstab": b"/dev/root / auto defaults 1 1\n", "usr/sbin/xl": elf(183), "usr/sbin/xenstored": elf(183),
        "lib/modules/6.1.0-37-arm64/modules.dep": b"", "etc/hostname": b"dom0\n"}
def tar(name, files, mtime=1700000000, links={}, **more):
    with tarfile.open(os.path.join(sys.argv[1], name), "w", format=tarfile.PAX_FORMAT) as out:
        for link, target in links.items():
            member = tarfile.TarInfo(link)
            member.type, member.linkname, member.mtime = tarfile.SYMTYPE, target, mtime
            out.addfile(member)
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size, member.mtime, member.mode = len(data), mtime, 0o755
            out.addfile(member, io.BytesIO(data))
tar("root.tar", good)
tar("year-1601.tar", good, mtime=-11644473600)
tar("year-1.tar", good, mtime=-62135596800)
tar("least-time.tar", good, mtime=-9223372036854775808)
tar("year-1900.tar", good, mtime=-2208988800)
tar("year-2039.tar", good, mtime=2177452800)
tar("year-2500.tar", good, mtime=16725225600)
tar("fraction.tar", good, mtime=1700000000.123456789)
tar("merged.tar", {("usr/" + k if k.startswith("sbin") or k.startswith("lib") else k): v for k, v in good.items()},
    links={"lib": "usr/lib", "sbin": "usr/sbin"})
tar("x86.tar", {**good, "sbin/init": elf(62)})
tar("other-modules.tar", {**{k: v for k, v in good.items() if "modules" not in k}, "lib/modules/5.10.0-8/modules.dep": b""})
tar("no-init.tar", {k: v for k, v in good.items() if k != "sbin/init"})
tar("no-tools.tar", {k: v for k, v in good.items() if "xl" not in k and "xenstored" not in k})
tar("no-getty.tar", {**good, "etc/inittab": b"tty1::respawn:/sbin/getty 38400 tty1\n"})
tar("fstab.tar", {**good, "etc/fstab": b"/dev/mmcblk0p3 / ext4 defaults 0 1\n"})
tar("fstab-label.tar", {**good, "etc/fstab": b"LABEL=root / ext4 defaults 0 1\n"})
tar("systemd.tar", {**{k: v for k, v in good.items() if k != "etc/inittab"}, "lib/systemd/systemd": elf(183),
    "lib/systemd/system/serial-getty@.service": b"[Unit]\n"}, links={"sbin/init2": "../lib/systemd/systemd"})
tar("layer.tar", {"etc/fstab": b"UUID=11111111-2222-4333-8444-555555555555 / ext4 defaults 0 1\n", "etc/layer": b"l\n"})
tar("empty.tar", {})
tar("many.tar", {**good, **{"usr/share/many/file-%04d" % n: b"x" * (n % 50) for n in range(1500)}})
)",
            folder.path().string()});
    for (const char* name : {"root.tar", "no-init.tar", "x86.tar"}) {
        const std::string tar = read_file(folder / name);
        folder.write(name + ".gz"s, run_ok({"gzip", "-nc"}, tar));
        folder.write(name + ".xz"s, run_ok({"xz", "-c"}, tar));
        folder.write(name + ".zst"s, run_ok({"zstd", "-qc"}, tar));
        folder.write(name + ".bz2"s, run_ok({"bzip2", "-c"}, tar));
    }
}

/// Unpacked and as ext4 images of mke2fs.
void write_folders_and_images(const TemporaryFolder& folder) {
    const auto unpack = [&](const std::string& tar, const std::string& to) {
        std::filesystem::create_directory(folder / to);
        run_ok({"tar", "-xf", folder / tar, "-C", folder / to});
        run_ok({"find", folder / to, "-exec", "touch", "-h", "-d", "@1700000000", "{}", "+"});
    };
    unpack("root.tar", "root-folder");
    unpack("x86.tar", "x86-folder");
    const auto image = [&](const std::string& name, const std::string& from, const char* type, const char* label,
                           const char* uuid, const char* size) {
        std::vector<std::string> argv{"mke2fs", "-q", "-t", type, "-U", uuid, "-d", folder / from};
        if (*label) argv.insert(argv.end(), {"-L", label});
        argv.insert(argv.end(), {folder / name, size});
        run_ok(argv);
    };
    image("root.ext4", "root-folder", "ext4", "prebuilt", prebuilt_uuid, "4M");
    image("nameless.ext4", "root-folder", "ext4", "", nameless_uuid, "4M");
    image("x86.ext4", "x86-folder", "ext4", "root", prebuilt_uuid, "4M");
    image("root.ext3", "root-folder", "ext3", "root", prebuilt_uuid, "4M");
    image("odd.ext4", "root-folder", "ext4", "root", prebuilt_uuid, "4100k");
    std::string damaged = read_file(folder / "root.ext4");
    damaged.replace(0x9000, 4, "\xff\xff\xff\xff");
    folder.write("damaged.ext4", damaged);
    run_ok({"gzip", "-kn", folder / "root.ext4"});
}

/// What a file of the root partition may be replaced by.
void write_root_files(const TemporaryFolder& folder) {
    const auto elf = [](char machine) {
        return "\x7f"
               "ELF\x02\x01\x01"s +
               std::string(9, '\0') + "\2\0"s + machine + std::string(100, '\0');
    };
    folder.write("elf-aarch64", elf(static_cast<char>(183)));
    folder.write("elf-x86", elf(62));
    folder.write("shell-script", "#!/bin/sh\nexec true\n");
    folder.write("inittab-tty", "tty1::respawn:/sbin/getty 38400 tty1\n");
    folder.write("inittab-hvc", "hvc0::respawn:/sbin/getty 38400 hvc0\n");
    folder.write("fstab-p3", "/dev/mmcblk0p3 / ext4 defaults 0 1\n");
    folder.write("fstab-uuid", "UUID=" + std::string(prebuilt_uuid) + " / ext4 defaults 0 1\n");
    folder.write("fstab-label", "LABEL=root / ext4 defaults 0 1\n");
}

}  // namespace

void write_stock(const TemporaryFolder& folder) {
    write_trees(folder);
    write_binaries(folder);
    write_configs(folder);
    write_scripts(folder);
    write_tars(folder);
    write_folders_and_images(folder);
    write_root_files(folder);
}

}  // namespace rpixen::test
