#include "support/artifact_kit.hpp"

#include "support/run.hpp"

namespace rpixen::test {
namespace {

void store(std::string& bytes, std::size_t offset, std::uint64_t value) {
    for (std::size_t index = 0; index < 8; ++index)
        bytes[offset + index] = static_cast<char>(value >> (8 * index) & 0xff);
}

}  // namespace

std::string ArtifactKit::arm64_image(std::uint64_t size, std::uint64_t image_size, const std::string& text) {
    std::string bytes(size, '\0');
    for (std::size_t index = 0x1000; index < bytes.size(); ++index)
        bytes[index] = static_cast<char>(index * 2654435761U >> 24 | 0x80);
    store(bytes, 0, 0x14000010);  // a branch
    store(bytes, 8, 0);           // text_offset
    store(bytes, 16, image_size);
    store(bytes, 24, 0xa);  // little endian, 4 KiB pages, anywhere in memory
    bytes.replace(56, 4, "ARM\x64");
    bytes.replace(0x200, text.size(), text);
    return bytes;
}

std::string ArtifactKit::kernel(std::uint64_t size) {
    using namespace std::string_literals;
    return arm64_image(size, size + 0x100000,
                       "Linux version 6.1.0-37-arm64 (debian-kernel@lists.debian.org) #1 SMP Debian\n\0"s +
                           "xen,xen\0Xen %s support found\0arm/xen:starting\0"s);
}

std::string ArtifactKit::xen() {
    using namespace std::string_literals;
    std::string banner;  // UTF-16, as the EFI loader's
    for (const char c : "Xen 4.17.5 (c/s ) EFI loader"s) banner.append({c, '\0'});
    return arm64_image(0x10000, 0x200000, banner + "\0\0xen,xen-4.17\0"s);
}

std::string ArtifactKit::uboot(const std::string& version) {
    using namespace std::string_literals;
    std::string bytes(0x20000, '\0');
    bytes.replace(0, 8, "\x0a\0\0\x14\x1f\x20\x03\xd5"s);
    bytes.replace(0x1000, 64,
                  ("U-Boot " + version + "+dfsg-2 (Jan 01 2023 - 00:00:00 +0000)\0"s).append(64, '\0').substr(0, 64));
    const std::string strings =
        "Bad Linux ARM64 Image magic!\0failed on fdt_overlay_apply(): %s\0## Executing script at %08lx\n\0"
        "Wrong image format for \"source\" command\n\0   Legacy Image at %08lx:\n\0booti\0source\0fatload\0"s;
    bytes.replace(0x2000, strings.size(), strings);
    const std::string environment =
        "bootcmd=run distro_bootcmd\0bootdelay=2\0fdt_addr_r=0x02600000\0fdt_high=ffffffffffffffff\0"
        "initrd_high=ffffffffffffffff\0kernel_addr_r=0x00080000\0loadaddr=0x00200000\0pxefile_addr_r="
        "0x02500000\0"
        "ramdisk_addr_r=0x02700000\0scriptaddr=0x02400000\0stdin=serial,usbkbd\0stdout=serial,vidconsole\0\0"s;
    bytes.replace(0x3000, environment.size(), environment);
    return bytes;
}

std::string ArtifactKit::device_tree() {
    return run_ok({"dtc", "-I", "dts", "-O", "dtb", "-q", "-"}, R"(/dts-v1/;
/memreserve/ 0x0 0x1000;
/ {
    compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
    model = "Raspberry Pi 4 Model B";
    #address-cells = <2>;
    #size-cells = <1>;
    aliases { serial0 = "/soc/serial@7e215040"; serial1 = "/soc/serial@7e201000"; emmc2bus = "/emmc2bus"; };
    chosen { bootargs = ""; };
    memory@0 { device_type = "memory"; reg = <0 0 0>; };
    soc {
        compatible = "simple-bus";
        #address-cells = <1>;
        #size-cells = <1>;
        ranges = <0x7e000000 0x0 0xfe000000 0x01800000>;
        serial@7e215040 { compatible = "brcm,bcm2835-aux-uart"; reg = <0x7e215040 0x40>; status = "okay"; };
        serial@7e201000 { compatible = "arm,pl011"; reg = <0x7e201000 0x200>; status = "okay"; };
        interrupt-controller@40041000 { compatible = "arm,gic-400"; reg = <0x40041000 0x1000>; };
    };
    emmc2bus { #address-cells = <2>; #size-cells = <1>; mmc@7e340000 { compatible = "brcm,bcm2711-emmc2"; }; };
    scb { #address-cells = <2>; #size-cells = <2>; pcie@7d500000 { compatible = "brcm,bcm2711-pcie"; }; };
};
)");
}

std::string ArtifactKit::root_tar() {
    return run_ok({"python3", "-"}, R"(
import io, struct, sys, tarfile
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, kind=tarfile.REGTYPE, data=b"", **more):
        member = tarfile.TarInfo(name)
        member.type, member.size, member.mtime = kind, len(data), 1700000000
        member.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        for key, value in more.items():
            setattr(member, key, value)
        tar.addfile(member, io.BytesIO(data))
    for name in ("./", "./etc", "./usr", "./usr/bin", "./usr/lib", "./usr/lib/modules", "./usr/lib/modules/6.1.0-37-arm64", "./dev", "./proc", "./sbin"):
        add(name, tarfile.DIRTYPE)
    add("./lib", tarfile.SYMTYPE, linkname="usr/lib")
    add("./bin", tarfile.SYMTYPE, linkname="usr/bin")
    add("./etc/hostname", data=b"dom0\n")
    add("./etc/inittab", data=b"hvc0::respawn:/sbin/getty 115200 hvc0\n")
    add("./etc/fstab", data=b"/dev/mmcblk0p2 / ext4 defaults 0 1\n")
    elf = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 183, 1) + bytes(100)
    add("./usr/bin/busybox", data=elf * 50, mode=0o4755)
    add("./sbin/init", tarfile.LNKTYPE, linkname="./usr/bin/busybox")
    add("./usr/bin/xl", data=elf)
    add("./usr/bin/xenstored", data=elf)
    add("./usr/lib/big", data=bytes(range(256)) * 8000, uid=1000, gid=100000)
    add("./dev/console", tarfile.CHRTYPE, devmajor=5, devminor=1, mode=0o600)
    add("./dev/initctl", tarfile.FIFOTYPE)
    add("./etc/caps", data=b"x", pax_headers={"SCHILY.xattr.user.note": "hello"})
sys.stdout.buffer.write(out.getvalue())
)");
}

ArtifactKit::ArtifactKit(const TemporaryFolder& folder) {
    folder.write("xen", xen());
    folder.write("Image", kernel());
    folder.write("bcm2711-rpi-4-b.dtb", device_tree());
    folder.write("u-boot.bin", uboot());
    folder.write("firmware/start4.elf", std::string(5000, 's'));
    folder.write("firmware/fixup4.dat", std::string(700, 'f'));
    folder.write("rootfs.tar", root_tar());
    manifest_ = folder.write("manifest.json", R"({
  "manifest_version": 1,
  "artifacts": {
    "xen": "xen",
    "kernel": "Image",
    "dtb": "bcm2711-rpi-4-b.dtb",
    "uboot": "u-boot.bin",
    "firmware": "firmware",
    "rootfs": "rootfs.tar"
  },
  "image": { "boot_partition": { "size": "48MiB" }, "root_partition": { "free": "8MiB" } }
}
)");
}

std::string ArtifactKit::manifest_of_prebuilt(const std::string& image) const {
    std::string text = read_file(manifest_);
    const std::string wish = R"(, "root_partition": { "free": "8MiB" })";
    text.erase(text.find(wish), wish.size());
    return text.replace(text.find("rootfs.tar"), 10, image);
}

}  // namespace rpixen::test
