#include "rules/good_scenario.hpp"

namespace rpixen::test {
namespace {

constexpr std::uint64_t kernel_size = 26 * MiB;

TreeFacts tree() {
    TreeFacts facts;
    facts.total_size = 0x9000;
    facts.root_compatible = {"raspberrypi,4-model-b", "brcm,bcm2711"};
    facts.has_symbols = true;
    facts.chosen_address_cells = 1;
    facts.chosen_size_cells = 1;
    facts.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=512M";
    facts.dom0_bootargs = "console=hvc0 root=/dev/mmcblk0p2 rootwait";
    facts.modules = {{"/chosen/dom0",
                      2,
                      {"xen,linux-zimage", "xen,multiboot-module"},
                      true,
                      true,
                      Range{0x480000, 0x480000 + kernel_size},
                      {}},
                     {"/chosen/ramdisk",
                      2,
                      {"xen,linux-initrd", "xen,multiboot-module"},
                      true,
                      true,
                      Range{0x2800000, 0x2800000 + 4 * MiB},
                      {}}};
    facts.reservations = {{{0, 0x1000}, "", true}};
    facts.serials = {{"/soc/serial@7e201000", {"arm,pl011"}, "okay"},
                     {"/soc/serial@7e215040", {"brcm,bcm2835-aux-uart"}, "okay"}};
    facts.aliases = {{"serial1", "/soc/serial@7e215040"}, {"emmc2bus", "/emmc2bus"}, {"pcie0", "/scb/pcie@7d500000"}};
    return facts;
}

ScriptFacts script() {
    ScriptFacts facts;
    facts.file = "boot.scr";
    facts.size = 900;
    facts.text = "...";
    facts.header_right = true;
    facts.reaches_booti = true;
    facts.booti_image = "0x200000";
    facts.booti_initrd = "-";
    facts.booti_tree = "0x2600000";
    return facts;
}

ConfigLine line(int number, std::string key, std::string value) {
    return {"config.txt", number, key + "=" + value, "all", key, value};
}

}  // namespace

BootScenario good_scenario() {
    BootScenario scenario;
    XenFacts xen;
    xen.file = "xen-raspberrypi4-64";
    xen.size = 900 * KiB;
    xen.address = 0x200000;
    xen.kind = ImageKind::arm64;
    xen.header = Arm64ImageHeader{0, 1 * MiB, 0xa};
    xen.banner = "4.17.5";
    xen.major = 4;
    xen.minor = 17;
    scenario.xen = xen;

    KernelFacts kernel;
    kernel.file = "Image";
    kernel.size = kernel_size;
    kernel.address = 0x480000;
    kernel.kind = ImageKind::arm64;
    kernel.header = Arm64ImageHeader{0, kernel_size + MiB, 0xa};
    kernel.release = "6.1.0-37-arm64";
    kernel.major = 6;
    kernel.minor = 1;
    kernel.built_for_xen = true;
    for (const char* option :
         {"CONFIG_XEN", "CONFIG_HVC_XEN", "CONFIG_XEN_BACKEND", "CONFIG_XENFS", "CONFIG_XEN_GNTDEV",
          "CONFIG_XEN_PRIVCMD", "CONFIG_XEN_NETDEV_BACKEND", "CONFIG_XEN_BLKDEV_BACKEND", "CONFIG_XEN_DEV_EVTCHN",
          "CONFIG_MMC_BLOCK", "CONFIG_MMC_SDHCI_IPROC", "CONFIG_EXT4_FS"})
        kernel.config[option] = "y";
    scenario.kernel = kernel;
    scenario.modules[ModuleKind::initrd] = LoadedFile{"initrd.img", 4 * MiB, 0x2800000};

    DeviceTreeFacts device_tree;
    device_tree.file = "bcm2711-rpi-4-b.dtb";
    device_tree.size = 0x8000;
    device_tree.address = 0x2600000;
    device_tree.as_stored = tree();
    device_tree.effective = tree();
    scenario.device_tree = device_tree;
    OverlayFacts overlay;
    overlay.file = "overlays/pi4-64-xen.dtbo";
    overlay.size = 1000;
    overlay.at_boot = true;
    overlay.address = 0x18000;
    overlay.resized = true;
    overlay.resize_argument = "0x1000";
    overlay.room = 0x1200;
    overlay.needed = 400;
    overlay.base_kept = false;
    scenario.overlays = {overlay};

    using Role = Placement::Role;
    const auto module = [](ModuleKind kind, Range range) {
        Placement placement{Role::module, row_of(kind).name, range};
        placement.module = kind;
        return placement;
    };
    scenario.placements = {{Role::reserved, "the spin table", {0, 0x1000}},
                           {Role::overlay, "overlay scratch", {0x18000, 0x19000}, 2, 3},
                           {Role::xen, "Xen", {0x200000, 0x300000}},
                           module(ModuleKind::kernel, {0x480000, 0x480000 + kernel_size}),
                           {Role::device_tree, "device tree", {0x2600000, 0x2609000}},
                           module(ModuleKind::initrd, {0x2800000, 0x2800000 + 4 * MiB}),
                           {Role::reserved, "U-Boot", {0x3a000000, 0x3b400000}}};

    UBootFacts uboot;
    uboot.file = "u-boot.bin";
    uboot.size = 600 * KiB;
    uboot.banner = "U-Boot 2025.01";
    uboot.year = 2025;
    uboot.month = 1;
    uboot.legacy_image = uboot.booti = uboot.fdt_overlay = uboot.arm64 = true;
    scenario.uboot = uboot;
    scenario.saved_environment = SavedEnvironmentFacts{"uboot.env", 0x4000, true, {{"bootdelay", "2"}}};
    scenario.script = script();

    FirmwareFacts firmware;
    firmware.config = {line(1, "arm_64bit", "1"), line(2, "kernel", "u-boot.bin"), line(3, "enable_uart", "1"),
                       line(4, "enable_gic", "1")};
    firmware.files = {{"config.txt", 60}, {"fixup4.dat", 5448}, {"start4.elf", 2000000}, {"u-boot.bin", 600 * KiB}};
    scenario.firmware = firmware;

    PartitionFacts boot;
    boot.number = 1;
    boot.range = {4 * MiB, 260 * MiB};
    boot.mbr_type = 0x0c;
    boot.active = true;
    boot.uuid = "12345678-01";
    boot.file_system = "fat32";
    boot.file_system_size = 256 * MiB;
    boot.cluster_count = 130000;
    boot.cluster_size = 2048;
    PartitionFacts root;
    root.number = 2;
    root.range = {260 * MiB, 760 * MiB};
    root.mbr_type = 0x83;
    root.uuid = "12345678-02";
    root.file_system = "ext4";
    root.file_system_size = 500 * MiB;
    scenario.disk = DiskFacts{760 * MiB, false, {boot, root}, 1, 2, {}, {}};
    RootFacts& facts = scenario.root.emplace();
    facts.getty_on_hvc0 = true;
    facts.init_machine = 183;
    facts.module_releases = {"6.1.0-37-arm64"};
    facts.xen_tools = true;
    facts.xen_tools_version = "4.17";
    facts.fstab_root = "/dev/mmcblk0p2";
    scenario.xen_bootargs = tree().xen_bootargs;
    scenario.dom0_bootargs = tree().dom0_bootargs;
    return scenario;
}

}  // namespace rpixen::test
