#include "follow/card_maker.hpp"

#include <filesystem>

#include "support/run.hpp"

namespace rpixen::test {

std::string compile_tree(const std::string& source) {
    return run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", "-"}, source);
}

std::string pi4_overlay(const std::string& reg, const std::string& xen_bootargs, const std::string& fragments) {
    return compile_tree(
        "/dts-v1/; /plugin/; / { compatible = \"brcm,bcm2711\"; fragment@0 { target-path = \"/chosen\"; "
        "__overlay__ {"
        " #address-cells = <1>; #size-cells = <1>; xen,xen-bootargs = \"" +
        xen_bootargs + "\"; dom0 { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <" + reg +
        ">; }; }; };" + fragments + " };");
}

std::string boot_scr(const TemporaryFolder& folder, const std::string& text) {
    const std::string source = folder.write("boot.cmd.source", text);
    run_ok(
        {"mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", "test", "-d", source, folder / "boot.scr.made"});
    return read_file(folder.path() / "boot.scr.made");
}

std::string uboot_env(const TemporaryFolder& folder, const std::string& lines) {
    const std::string source = folder.write("uboot.env.source", lines);
    run_ok({"mkenvimage", "-s", "0x4000", "-o", folder / "uboot.env.made", source});
    return read_file(folder.path() / "uboot.env.made");
}

std::string kernel_config() {
    std::string text = "#\n# Linux/arm64 6.1.0 Kernel Configuration\n#\n";
    for (const char* option :
         {"XEN", "XEN_DOM0", "HVC_XEN", "XEN_BACKEND", "XENFS", "XEN_DEV_EVTCHN", "XEN_GNTDEV", "XEN_PRIVCMD",
          "XEN_NETDEV_BACKEND", "XEN_BLKDEV_BACKEND", "MMC_BLOCK", "MMC_SDHCI_IPROC", "EXT4_FS"})
        text += std::string("CONFIG_") + option + "=y\n";
    return text;
}

std::map<std::string, std::string> good_root() {
    std::string elf(
        "\x7f"
        "ELF\x02\x01\x01",
        7);
    elf.resize(64);
    elf[16] = 2;
    elf[18] = static_cast<char>(183);
    return {{"sbin/init", elf},
            {"etc/inittab", "::sysinit:/etc/init.d/rcS\nhvc0::respawn:/sbin/getty -L hvc0 115200 vt100\n"},
            {"etc/fstab", "# device dir type\n/dev/root / auto defaults 1 1\nproc /proc proc defaults 0 0\n"},
            {"boot/config-6.1.0-37-arm64", kernel_config()},
            {"lib/modules/6.1.0-37-arm64/modules.dep", ""},
            {"usr/sbin/xl", elf},
            {"usr/sbin/xenstored", elf}};
}

std::string make_card(const TemporaryFolder& folder, const CardRecipe& recipe) {
    const std::string image = folder / "card.img";
    const std::string fat = folder / "fat.img";
    const std::string ext4 = folder / "ext4.img";
    for (const auto& [path, size] : std::map<std::string, std::uint64_t>{
             {image, recipe.image_size}, {fat, recipe.fat_size}, {ext4, recipe.ext4_size}}) {
        folder.write(std::filesystem::path(path).filename().string(), "");
        std::filesystem::resize_file(path, size);
    }
    run_ok({"sfdisk", "-q", "--no-reread", "--no-tell-kernel", image}, recipe.table);

    run_ok({"mkfs.vfat", "-F", "32", "-s", std::to_string(recipe.sectors_per_cluster), "-i", "1234abcd", "-n", "BOOT",
            fat});
    for (const auto& [path, content] : recipe.boot) {
        folder.write("boot/" + path, content);
        const std::filesystem::path parent = std::filesystem::path(path).parent_path();
        if (!parent.empty()) run({"mmd", "-D", "s", "-i", fat, "::" + parent.string()});
        run_ok({"mcopy", "-i", fat, (folder.path() / "boot" / path).string(), "::" + path});
    }
    for (const auto& [path, content] : recipe.root) folder.write("root/" + path, content);
    run_ok({"mke2fs", "-q", "-F", "-t", "ext4", "-d", folder / "root", ext4});

    run_ok({"dd", "if=" + fat, "of=" + image, "bs=64K", "seek=" + std::to_string(recipe.fat_offset / 65536),
            "conv=notrunc,sparse", "status=none"});
    run_ok({"dd", "if=" + ext4, "of=" + image, "bs=64K", "seek=" + std::to_string(recipe.ext4_offset / 65536),
            "conv=notrunc,sparse", "status=none"});
    return image;
}

}  // namespace rpixen::test
