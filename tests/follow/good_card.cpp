#include "follow/good_card.hpp"

#include "format/uboot_script.hpp"
#include "support/artifact_kit.hpp"

namespace rpixen::test {

std::string xen(const std::string& version, std::uint64_t image_size) {
    using namespace std::string_literals;
    return ArtifactKit::arm64_image(0x10000, image_size, "xen,xen-"s + version + "\0"s);
}

std::string board_tree(const std::string& nodes, const std::string& chosen) {
    return compile_tree(R"(/dts-v1/;
/memreserve/ 0x0 0x1000;
/ {
    compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
    #address-cells = <2>;
    #size-cells = <1>;
    aliases { serial1 = "/soc/serial@7e215040"; emmc2bus = "/emmc2bus"; pcie0 = "/scb/pcie@7d500000"; };
    chosen { )" + chosen +
                        R"( };
    soc { #address-cells = <1>; #size-cells = <1>; serial@7e215040 { compatible = "brcm,bcm2835-aux-uart"; status = "okay"; }; };
    emmc2bus { };
    scb { pcie@7d500000 { }; };
    )" + nodes + "\n};\n");
}

std::map<std::string, std::string> common_boot(std::uint64_t kernel) {
    return {{"config.txt", "arm_64bit=1\nkernel=u-boot.bin\nenable_uart=1\n"},
            {"start4.elf", std::string(2000, 's')},
            {"fixup4.dat", std::string(700, 'f')},
            {"u-boot.bin", ArtifactKit::uboot("2025.01")},
            {"xen-raspberrypi4-64", xen("4.17")},
            {"Image", ArtifactKit::kernel(kernel)},
            {"bcm2711-rpi-4-b.dtb", board_tree()}};
}

std::string reg(std::uint64_t size) {
    return "0x00480000 " + format_address(size);
}

std::string good_script(const std::string& tree, const std::string& xen, const std::string& more) {
    return "# a good script\n"
           "setenv bootargs \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n"
           "setenv from \"${devtype} ${devnum}:${distro_bootpart}\"\n"
           "setenv tree 'fatload ${from} " +
           tree + " bcm2711-rpi-4-b.dtb && fdt addr " + tree +
           " && fdt resize 0x1000'\n"
           "setenv overlay 'fatload ${from} 0x18000 overlays/pi4-64-xen.dtbo && fdt apply 0x18000'\n"
           "if run tree && run overlay && fatload ${from} " +
           xen + " xen-raspberrypi4-64 && fatload ${from} 0x480000 Image && " + more +
           "; then\n"
           "    booti " +
           xen + " - " + tree +
           "\n"
           "else\n"
           "    echo \"a step failed\"\n"
           "fi\n";
}

CardRecipe good_card(const TemporaryFolder& folder, std::uint64_t kernel) {
    CardRecipe card;
    card.table = "label-id: 0xabcd1234\nstart=8192, size=98304, type=c, bootable\nstart=106496, size=32768, type=83\n";
    card.image_size = 68 * MiB;
    card.fat_offset = 4 * MiB;
    card.fat_size = 48 * MiB;
    card.ext4_offset = 52 * MiB;
    card.ext4_size = 16 * MiB;
    card.boot = common_boot(kernel);
    card.boot["overlays/pi4-64-xen.dtbo"] = pi4_overlay(reg(kernel), xen_bootargs);
    card.boot["boot.scr"] = boot_scr(folder, good_script());
    card.root = good_root();
    return card;
}

std::string scr(const std::string& text) {
    return std::string(as_text(make_uboot_script(text, 0, "test")));
}

std::string changed(std::string text, const std::string& what, const std::string& with) {
    return text.replace(text.find(what), what.size(), with);
}

}  // namespace rpixen::test
