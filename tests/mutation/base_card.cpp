#include "mutation/base_card.hpp"

#include <filesystem>

#include "support/run.hpp"

namespace rpixen::test {
namespace {

void make_file(const TemporaryFolder& folder, const std::string& name, std::uint64_t size) {
    std::filesystem::resize_file(folder.write(name, ""), size);
}

std::string tree_source() {
    return "/dts-v1/; /memreserve/ 0 0x1000; / { compatible = \"raspberrypi,4-model-b\", \"brcm,bcm2711\"; "
           "#address-cells = <2>; #size-cells = <1>; aliases { serial0 = \"/soc/serial@7e215040\"; }; chosen { }; "
           "memory@0 { device_type = \"memory\"; reg = <0 0 0>; }; soc: soc { #address-cells = <1>; #size-cells = <1>; "
           "serial@7e215040 { compatible = \"brcm,bcm2835-aux-uart\"; reg = <0x7e215040 0x40>; }; }; };";
}

std::string overlay_source() {
    return "/dts-v1/; /plugin/; / { compatible = \"brcm,bcm2711\"; fragment@0 { target-path = \"/chosen\"; __overlay__ "
           "{ "
           "#address-cells = <1>; #size-cells = <1>; xen,xen-bootargs = \"console=dtuart\"; dom0 { compatible = "
           "\"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <0x480000 0x1000>; }; }; }; fragment@1 { target = "
           "<&soc>; "
           "__overlay__ { status = \"okay\"; }; }; };";
}

constexpr const char* script =
    "setenv a b; load mmc 0:1 200000 xen; load mmc 0:1 480000 Image\nload mmc 0:1 18000 overlays/x.dtbo; fdt addr "
    "${fdt_addr}\n"
    "fdt resize; fdt apply 18000; if test $a = b; then booti 200000 - ${fdt_addr}; fi\n";

void fill_fat(const TemporaryFolder& folder, const std::string& fat) {
    const auto tree = [&](const char* name, const std::string& source) {
        run_ok({"dtc", "-q", "-@", "-O", "dtb", "-o", folder / name, folder.write("source.dts", source)});
    };
    std::string image(4096, 'x');
    image.replace(56, 4, "ARM\x64");
    tree("board.dtb", tree_source());
    tree("x.dtbo", overlay_source());
    run_ok({"mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-d", folder.write("boot.cmd", script),
            folder / "boot.scr"});
    folder.write("image", image);
    folder.write("config.txt", "arm_64bit=1\nkernel=u-boot.bin\nenable_gic=1\n");
    run_ok({"mmd", "-i", fat, "::overlays", "::a long name of a folder"});
    const std::vector<std::pair<std::string, std::string>> files{
        {"config.txt", "config.txt"},
        {"image", "u-boot.bin"},
        {"image", "xen"},
        {"image", "Image"},
        {"boot.scr", "boot.scr"},
        {"board.dtb", "bcm2711-rpi-4-b.dtb"},
        {"x.dtbo", "overlays/x.dtbo"},
        {"boot.cmd", "a long name of a folder/with a file in it"}};
    for (const auto& [from, to] : files) run_ok({"mcopy", "-i", fat, folder / from, "::" + to});
}

void fill_ext(const TemporaryFolder& folder, const std::string& ext, const std::vector<std::string>& options,
              std::uint64_t size) {
    folder.write("root/etc/hostname", "dom0\n");
    folder.write("root/sbin/init", std::string(5000, 'i'));
    for (int number = 0; number < 120; ++number)
        folder.write("root/many/a file with a name " + std::to_string(number),
                     std::string(static_cast<std::size_t>(number), 'x'));
    std::filesystem::create_symlink("hostname", folder / "root/etc/link");
    std::filesystem::create_symlink(std::string(100, 'y'), folder / "root/etc/long");
    std::filesystem::create_hard_link(folder / "root/etc/hostname", folder / "root/hard");
    std::string holes(400'000, '\0');
    for (std::size_t place = 0; place < holes.size(); place += 50'000) holes[place] = 'h';
    folder.write("holes", holes);
    run_ok({"cp", "--sparse=always", folder / "holes", folder / "root/holes"});
    std::vector<std::string> command{"mke2fs", "-q", "-F", "-N", "256", "-d", folder / "root"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {ext, std::to_string(size / KiB) + "k"});
    run_ok(command);
    folder.write("value", std::string(300, 'v'));
    for (const std::string& request : std::vector<std::string>{"ea_set etc/hostname user.note hello",
                                                               "ea_set sbin/init user.long -f " + folder / "value",
                                                               "mknod null c 1 3", "mknod pipe p"})
        run_ok({"debugfs", "-w", "-R", request, ext});
    // Of the directories one gets an index, where the file system may have any.
    run({"e2fsck", "-fyD", ext});
}

}  // namespace

const std::vector<BaseCard::Kind>& BaseCard::kinds() {
    static const std::vector<Kind> kinds{
        {"Checksums", true, 16, 3 * MiB, {"-t", "ext4", "-b", "1024"}, 4 * MiB},
        {"NoChecksums",
         false,
         12,
         256 * KiB,
         {"-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^has_journal,inline_data"}},
        {"Ext2", false, 12, 256 * KiB, {"-t", "ext2", "-b", "1024", "-g", "1024"}},
        {"Fat32", true, 32, 34 * MiB, {"-t", "ext3", "-b", "1024"}, 4 * MiB},
    };
    return kinds;
}

BaseCard::BaseCard(const TemporaryFolder& folder, const Kind& kind)
    : card(folder / "card.img"),
      fat(folder / "fat.img"),
      ext(folder / "ext.img"),
      ext_offset(fat_offset + kind.fat_size + 4 * KiB) {
    make_file(folder, "card.img", ext_offset + kind.ext_size + 64 * KiB);
    make_file(folder, "fat.img", kind.fat_size);
    make_file(folder, "ext.img", kind.ext_size);
    const auto part = [](std::uint64_t offset, std::uint64_t size, const std::string& type) {
        return "start=" + std::to_string(offset / 512) + ", size=" + std::to_string(size / 512) + ", type=" + type +
               "\n";
    };
    // In a master boot record the root is a logical partition; its record lies in the 4 KiB before it.
    std::string table;
    if (kind.gpt)
        table = "label: gpt\nfirst-lba: 34\n" + part(fat_offset, kind.fat_size, "uefi") +
                part(ext_offset, kind.ext_size, "linux");
    else
        table = "label: dos\nlabel-id: 0x1234abcd\n" + part(fat_offset, kind.fat_size, "c") +
                "start=" + std::to_string(ext_offset / 512 - 8) + ", type=5\n" + part(ext_offset, kind.ext_size, "83");
    run_ok({"sfdisk", "-q", "--no-reread", "--no-tell-kernel", card}, table);
    run_ok({"mkfs.vfat", "-F", std::to_string(kind.fat_bits), "-s", "1", "-n", "BOOT", fat});
    fill_fat(folder, fat);
    fill_ext(folder, ext, kind.ext, kind.ext_size);
    for (const auto& [path, offset] : {std::pair(fat, fat_offset), std::pair(ext, ext_offset)})
        run_ok({"dd", "status=none", "conv=notrunc,sparse", "bs=1K", "seek=" + std::to_string(offset / KiB),
                "if=" + path, "of=" + card});
}

}  // namespace rpixen::test
