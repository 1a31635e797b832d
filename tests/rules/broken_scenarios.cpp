#include "rules/broken_scenarios.hpp"

#include <algorithm>

namespace rpixen::test {

using Role = Placement::Role;

Placement& placed(BootScenario& scenario, Role role) {
    return *std::find_if(scenario.placements.begin(), scenario.placements.end(),
                         [&](const Placement& placement) { return placement.role == role; });
}

Placement& placed(BootScenario& scenario, ModuleKind kind) {
    return *std::find_if(scenario.placements.begin(), scenario.placements.end(),
                         [&](const Placement& placement) { return placement.module == kind; });
}

void set_config(BootScenario& scenario, const std::string& key, const std::string& value) {
    scenario.firmware->config.push_back({"config.txt", 9, key + "=" + value, "all", key, value});
}

TreeFacts& tree(BootScenario& scenario) {
    return *scenario.device_tree->effective;
}

void add_guest(BootScenario& s) {
    const Range at{0x8000000, 0x8000000 + 20 * MiB};
    GuestFacts guest;
    guest.path = "/chosen/domU1";
    guest.memory = 128 * MiB;
    guest.cpus = 1;
    tree(s).guests = {guest};
    ModuleFacts module{"/chosen/domU1/module@8000000", 3, {"multiboot,kernel", "multiboot,module"}, true, true, at, {}};
    module.domain = guest.path;
    tree(s).modules.push_back(module);
    GuestModuleFacts file;
    file.file = "domu-kernel";
    file.size = file.reg_size = at.size();
    file.address = at.begin;
    file.module = module.path;
    file.domain = guest.path;
    file.kind = GuestModuleFacts::Kind::kernel;
    file.image = ImageKind::arm64;
    s.guest_modules = {file};
    s.placements.push_back({Role::guest, "domu-kernel of /chosen/domU1", at});
}

GuestFacts& add_static_guest(BootScenario& s) {
    add_guest(s);
    GuestFacts& guest = tree(s).guests[0];
    guest.static_memory = guest.direct_map = true;
    guest.static_ranges = {{0x30000000, 0x34000000}, {0x2c000000, 0x30000000}};
    return guest;
}

XlGuestFacts& add_xl_guest(BootScenario& s) {
    XlGuestFacts guest;
    guest.config = "/etc/xen/auto/db.cfg";
    guest.name = "db";
    guest.memory = 128 * MiB;
    s.root->xl_guests = {guest};
    return s.root->xl_guests.front();
}

void remove_dom0(BootScenario& s) {
    auto& modules = tree(s).modules;
    modules.erase(modules.begin(), modules.begin() + 2);
    s.kernel.reset();
    s.modules.clear();
    s.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040";
    s.dom0_bootargs.reset();
    s.root.reset();
    std::erase_if(s.placements, [](const Placement& p) { return p.role == Role::module; });
}
const std::map<std::string, Break>& ways_to_break() {
    static const std::map<std::string, Break> all{
        // Xen
        {"xen-without-image-header",
         [](auto& s) {
             s.xen->header.reset();
             s.xen->kind = ImageKind::unknown;
         }},
        {"xen-moved-to-ram-base", [](auto& s) { s.xen->header->flags = 2; }},
        {"xen-misaligned", [](auto& s) { s.xen->address = 0x280000; }},
        {"xen-reaches-next", [](auto& s) { placed(s, Role::xen).range.end = 0x500000; }},
        {"xen-image-size-zero", [](auto& s) { s.xen->header->image_size = 0; }},
        {"xen-too-old",
         [](auto& s) {
             s.xen->minor = 14;
             s.root->xen_tools_version = "4.14";
         }},
        {"xen-stumbles-over-pcie",
         [](auto& s) {
             s.xen->minor = 14;
             s.root->xen_tools_version = "4.14";
             tree(s).untyped_pcie = {"/scb/pcie@7d500000/pci@1,0"};
         }},
        {"xen-lacks-feature",
         [](auto& s) {
             s.xen->config = {{"CONFIG_ARM", "y"}};
             tree(s).static_heap = true;
         }},
        {"xen-ignores-option",
         [](auto& s) {
             s.xen->config = {{"CONFIG_ARM", "y"}};
             *s.xen_bootargs += " xsm=flask";
         }},
        {"flask-not-chosen",
         [](auto& s) {
             s.xen->config = {{"CONFIG_XSM", "y"}, {"CONFIG_XSM_FLASK", "y"}, {"CONFIG_XSM_SILO_DEFAULT", "y"}};
             s.modules[ModuleKind::xsm_policy] = LoadedFile{"xenpolicy", 20000, std::nullopt};
         }},
        {"xen-of-wrong-kind",
         [](auto& s) {
             s.xen->header.reset();
             s.xen->kind = ImageKind::elf;
         }},
        {"booti-cannot-unpack",
         [](auto& s) {
             s.xen->header.reset();
             s.xen->kind = ImageKind::gzip;
         }},
        // Kernel
        // EFI programs
        {"efi-program-missing", [](auto& s) { s.efi.emplace(); }},
        {"efi-file-missing",
         [](auto& s) {
             s.efi = EfiFacts{
                 "EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/grub.cfg", "Xen", {"vmlinuz (grub.cfg line 3)"}, "", ""};
         }},
        {"efi-starts-linux",
         [](auto& s) {
             s.efi = EfiFacts{"EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/grub.cfg", "Linux", {}, "6.1.0-37-arm64", ""};
         }},
        {"efi-menu-without-xen",
         [](auto& s) {
             s.efi = EfiFacts{"EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/grub.cfg", "Linux", {}, "6.1.0-37-arm64", "Xen"};
         }},
        {"bootm-raw-image", [](auto& s) { s.script->refused_images = {"xen at 0x200000 (line 9)"}; }},
        {"config-starts-linux", [](auto& s) { s.firmware->starts_linux = "6.1.0-37-arm64"; }},
        {"config-key-unknown", [](auto& s) { set_config(s, "xen_cmdline", "dom0_mem=1G"); }},
        // Guests
        {"guest-device-needs-iommu",
         [](auto& s) {
             add_guest(s);
             s.guest_modules[0].needs_iommu = {"/soc/dma@7e007000"};
         }},
        {"guest-device-without-direct-map",
         [](auto& s) {
             add_guest(s);
             s.guest_modules[0].forced = {"/soc/dma@7e007000"};
             tree(s).guests[0].static_memory = true;
             tree(s).guests[0].static_ranges = {{0x30000000, 0x38000000}};
         }},
        {"guest-static-memory-wrong", [](auto& s) { add_static_guest(s).static_ranges.pop_back(); }},
        {"guest-static-memory-taken",
         [](auto& s) {
             add_static_guest(s).static_ranges = {{0x8100000, 0x10100000}};
         }},
        {"guest-static-memory-impossible",
         [](auto& s) {
             add_static_guest(s).static_ranges = {{0x3b000000, 0x43000000}};
         }},
        {"guest-static-memory-excludes-boards",
         [](auto& s) {
             add_static_guest(s).static_ranges = {{0x78000000, 0x80000000}};
         }},
        {"guest-direct-map-without-static-memory",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].direct_map = true;
         }},
        {"guest-direct-map-console", [](auto& s) { add_static_guest(s).vpl011 = true; }},
        {"guest-xenstore-with-static-memory",
         [](auto& s) {
             GuestFacts& guest = add_static_guest(s);
             guest.xenstore = guest.enhanced = true;
         }},
        {"guest-kernel-lacks-console",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].vpl011 = true;
             s.guest_modules[0].config = {{"CONFIG_XEN", "y"}};
         }},
        {"xl-guest-memory-impossible", [](auto& s) { add_xl_guest(s).memory = 9 * GiB; }},
        {"xl-guest-memory-excludes-boards", [](auto& s) { add_xl_guest(s).memory = 1 * GiB; }},
        {"xl-guest-file-missing", [](auto& s) { add_xl_guest(s).files = {"/var/lib/xen/images/db/kernel"}; }},
        {"xl-guest-backend-missing",
         [](auto& s) {
             add_xl_guest(s).disks = true;
             s.kernel->config = {{"CONFIG_XEN", "y"}};
         }},
        {"guest-kernel-missing",
         [](auto& s) {
             add_guest(s);
             tree(s).modules.back().compatible[0] = "multiboot,ramdisk";
         }},
        {"guest-kernel-not-an-image",
         [](auto& s) {
             add_guest(s);
             s.guest_modules[0].image = ImageKind::elf;
         }},
        {"guest-memory-missing",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].memory.reset();
         }},
        {"guest-cpus-missing",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].cpus = 0;
         }},
        {"guest-module-reg-wrong-size",
         [](auto& s) {
             add_guest(s);
             s.guest_modules[0].reg_size -= 1;
         }},
        {"guest-memory-impossible",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].memory = 9 * GiB;
         }},
        {"guest-memory-excludes-boards",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].memory = 1 * GiB;
         }},
        {"guest-owns-dom0-module",
         [](auto& s) {
             add_guest(s);
             s.xen->minor = 20;
             s.root->xen_tools_version = "4.20";
             auto& modules = tree(s).modules;
             std::rotate(modules.begin(), modules.end() - 1, modules.end());
             modules[0].range = modules[1].range;
         }},
        {"guest-xenstore-without-dom0",
         [](auto& s) {
             add_guest(s);
             remove_dom0(s);
             tree(s).guests[0].xenstore = true;
         }},
        {"guest-xenstore-not-started",
         [](auto& s) {
             add_guest(s);
             tree(s).guests[0].xenstore = true;
             s.root->init_dom0less = false;
         }},
        {"guest-memory-unscrubbed",
         [](auto& s) {
             add_guest(s);
             *s.xen_bootargs += " bootscrub=0";
         }},
        {"kernel-not-an-image",
         [](auto& s) {
             s.kernel->header.reset();
             s.kernel->kind = ImageKind::elf;
         }},
        {"dom0-reg-too-small",
         [](auto& s) {
             tree(s).modules[0].range = Range{0x480000, 0x480000 + 0xf80000};
         }},
        {"gzip-kernel-reg-padded",
         [](auto& s) {
             s.kernel->header.reset();
             s.kernel->kind = ImageKind::gzip;
             s.kernel->size -= 100;
         }},
        {"kernel-packing-unknown",
         [](auto& s) {
             s.kernel->header.reset();
             s.kernel->kind = ImageKind::packed;
         }},
        {"kernel-is-zboot",
         [](auto& s) {
             s.kernel->header.reset();
             s.kernel->kind = ImageKind::zboot;
         }},
        {"kernel-is-uimage",
         [](auto& s) {
             s.kernel->header.reset();
             s.kernel->kind = ImageKind::uimage;
         }},
        {"dom0-bank-too-small", [](auto& s) { s.xen_bootargs = "dtuart=serial1 dom0_mem=24M"; }},
        {"kernel-not-for-xen", [](auto& s) { s.kernel->built_for_xen = false; }},
        {"kernel-lacks-xen-drivers", [](auto& s) { s.kernel->config.erase("CONFIG_XENFS"); }},
        {"kernel-lacks-root-driver", [](auto& s) { s.kernel->config["CONFIG_MMC_SDHCI_IPROC"] = "n"; }},
        {"modules-do-not-match-kernel", [](auto& s) { s.root->module_releases = {"6.1.0-36-arm64"}; }},
        {"kernel-is-32-bit",
         [](auto& s) {
             s.kernel->header.reset();
             s.kernel->kind = ImageKind::arm32;
         }},
        {"kernel-too-old-for-xen-dma",
         [](auto& s) {
             s.kernel->major = 4;
             s.kernel->minor = 19;
         }},
        // Placement
        {"memory-overlap",
         [](auto& s) {
             placed(s, Role::device_tree).range = {0x1400000, 0x1409000};
         }},
        {"module-in-reserved-memory",
         [](auto& s) {
             tree(s).reservations.push_back({{0x2900000, 0x2910000}, "/reserved-memory/nvram@2900000", false});
         }},
        {"load-over-armstub",
         [](auto& s) {
             set_config(s, "armstub", "bl31.bin");
             s.firmware->files["bl31.bin"] = 20000;
             s.firmware->armstub = Range{0, 0x20000};
         }},
        {"load-over-uboot",
         [](auto& s) {
             placed(s, ModuleKind::initrd).range = {0x3a000000, 0x3a400000};
         }},
        {"load-beyond-low-memory",
         [](auto& s) {
             placed(s, ModuleKind::initrd).range = {0x3b400000, 0x3b800000};
         }},
        {"uboot-few-lmb-regions",
         [](auto& s) {
             s.uboot->year = 2022;
             tree(s).reservations.resize(8);
         }},
        {"placement-splits-low-memory",
         [](auto& s) {
             s.xen_bootargs = "dtuart=serial1 dom0_mem=888M";
             placed(s, ModuleKind::initrd).range = {0x20000000, 0x20400000};
         }},
        // Device tree
        {"dtb-invalid", [](auto& s) { s.device_tree->valid = false; }},
        {"dtb-misaligned", [](auto& s) { s.device_tree->address = 0x2600004; }},
        {"dtb-too-large", [](auto& s) { tree(s).total_size = 2 * MiB + 1; }},
        {"module-reg-misread", [](auto& s) { tree(s).modules[0].reg_fits_cells = false; }},
        {"dom0-module-missing", [](auto& s) { tree(s).modules.clear(); }},
        {"module-without-reg",
         [](auto& s) {
             tree(s).modules[1].has_reg = false;
             tree(s).modules[1].range.reset();
         }},
        {"module-misplaced", [](auto& s) { tree(s).modules[1].depth = 4; }},
        {"module-kind-guessed", [](auto& s) { tree(s).modules[1].compatible = {"xen,multiboot-module"}; }},
        {"module-not-loaded",
         [](auto& s) {
             tree(s).modules[1].range = Range{0x3000000, 0x3400000};
         }},
        {"module-reg-wrong-size", [](auto& s) { tree(s).modules[1].range->end -= 4; }},
        {"bootargs-astray",
         [](auto& s) {
             tree(s).xen_bootargs.reset();
             s.script->sets_bootargs = true;
             s.script->bootargs = "root=/dev/mmcblk0p2";
         }},
        {"xen-console-missing",
         [](auto& s) { s.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215000 dom0_mem=512M"; }},
        {"dtb-loses-firmware-edits", [](auto& s) { s.uboot->year = 2022; }},
        {"overlay-applied-twice",
         [](auto& s) {
             set_config(s, "dtoverlay", "pi4-64-xen");
             s.firmware->files["overlays/pi4-64-xen.dtbo"] = 1;
         }},
        {"dtb-is-an-overlay", [](auto& s) { s.device_tree->as_stored->is_overlay = true; }},
        {"dtb-of-another-board",
         [](auto& s) {
             s.device_tree->as_stored->root_compatible = {"raspberrypi,3-model-b", "brcm,bcm2837"};
         }},
        // Overlays
        {"overlay-no-room", [](auto& s) { s.overlays[0].room = 300; }},
        {"overlay-room-by-luck",
         [](auto& s) {
             s.device_tree->from_firmware = true;
             s.overlays[0].resize_argument = "";
         }},
        {"overlay-spoils-tree", [](auto& s) { s.overlays[0].room.reset(); }},
        {"overlay-target-missing",
         [](auto& s) {
             s.overlays[0].missing_target = "/scb/pcie@7d500000";
             s.overlays[0].similar_target = "/scb-bus@fc000000/pcie@7d500000";
         }},
        {"overlay-needs-symbols",
         [](auto& s) {
             s.overlays[0].missing_target = "uart1";
             s.device_tree->as_stored->has_symbols = false;
         }},
        {"overlay-not-applicable", [](auto& s) { s.overlays[0].failure = "FDT_ERR_BADOVERLAY"; }},
        {"overlay-is-none", [](auto& s) { s.overlays[0].is_overlay = false; }},
        // Memory
        {"dom0-mem-missing", [](auto& s) { s.xen_bootargs = "dtuart=serial1"; }},
        {"dom0-mem-impossible", [](auto& s) { s.xen_bootargs = "dtuart=serial1 dom0_mem=8G"; }},
        {"dom0-mem-excludes-boards", [](auto& s) { s.xen_bootargs = "dtuart=serial1 dom0_mem=3584M"; }},
        {"low-memory-changed", [](auto& s) { set_config(s, "total_mem", "1024"); }},
        {"debug-settings", [](auto& s) { *s.xen_bootargs += " sync_console"; }},
        // Script
        {"script-damaged", [](auto& s) { s.script->header_right = false; }},
        {"script-too-large", [](auto& s) { s.script->size = 65537; }},
        {"script-not-found", [](auto& s) { s.script->file = "boot.cmd"; }},
        {"script-unchecked-steps",
         [](auto& s) { s.script->unchecked_steps = {"fatload mmc 0:1 0x480000 Image (line 3)"}; }},
        {"script-fixed-device", [](auto& s) { s.script->fixed_devices = {"mmc 0:1 (line 3)"}; }},
        {"script-absent-device", [](auto& s) { s.script->absent_devices = {"mmc 1 (line 3)"}; }},
        {"script-carriage-return",
         [](auto& s) {
             s.script->carriage_returns = {"line 1", "line 2"};
         }},
        {"efi-before-script", [](auto& s) { s.script->efi_before = "EFI/BOOT/BOOTAA64.EFI"; }},
        {"script-decimal-number", [](auto& s) { s.script->decimal_numbers = {"fdt resize 1024 (line 4)"}; }},
        {"script-syntax", [](auto& s) { s.script->syntax_errors = {"line 4: a quote is never closed"}; }},
        {"script-missing-file", [](auto& s) { s.script->missing_files = {"Image (line 3)"}; }},
        {"script-missing-node", [](auto& s) { s.script->missing_nodes = {"/scb/pcie@7d500000 (line 5)"}; }},
        {"nothing-to-boot", [](auto& s) { s.nothing_to_run = true; }},
        {"extlinux-without-dom0",
         [](auto& s) {
             s.script->file = "extlinux/extlinux.conf";
             s.kernel->address = 0x2700000;
         }},
        {"extlinux-before-script", [](auto& s) { s.script->hides = "boot.scr"; }},
        {"script-never-boots", [](auto& s) { s.script->reaches_booti = false; }},
        {"booti-without-xen", [](auto& s) { s.xen.reset(); }},
        {"booti-without-tree", [](auto& s) { s.script->booti_tree.clear(); }},
        // U-Boot
        {"fdt-addr-stale", [](auto& s) { s.saved_environment->variables["fdt_addr"] = "2eff5a00"; }},
        {"saved-board-identity", [](auto& s) { s.saved_environment->variables["ethaddr"] = "dc:a6:32:00:00:01"; }},
        {"tree-over-uboots-own",
         [](auto& s) {
             s.uboot->year = 2026;
             s.script->loads_tree_to_fdt_addr = true;
         }},
        {"uboot-lacks-command", [](auto& s) { s.uboot->fdt_overlay = false; }},
        {"fdt-high-set",
         [](auto& s) {
             s.uboot->month = 7;
             s.saved_environment->variables["fdt_high"] = "0xffffffffffffffff";
         }},
        {"saved-environment-size", [](auto& s) { s.saved_environment->size = 0x20000; }},
        {"saved-environment-damaged", [](auto& s) { s.saved_environment->crc_right = false; }},
        {"uboot-not-64-bit", [](auto& s) { s.uboot->arm64 = false; }},
        // Firmware
        {"label-hides-folder",
         [](auto& s) {
             s.disk->partitions[0].label = "OVERLAYS";
             s.firmware->files["overlays/disable-bt.dtbo"] = 1;
             set_config(s, "dtoverlay", "disable-bt");
         }},
        {"label-is-a-folder",
         [](auto& s) {
             s.disk->partitions[0].label = "BOOT";
             s.firmware->files["boot/notes.txt"] = 1;
         }},
        {"config-missing", [](auto& s) { s.firmware->config_present = false; }},
        {"config-line-too-long", [](auto& s) { s.firmware->config[0].text.resize(99, '#'); }},
        {"config-disables-gic", [](auto& s) { set_config(s, "enable_gic", "0"); }},
        {"config-not-64-bit", [](auto& s) { set_config(s, "arm_64bit", "0"); }},
        {"config-kernel-missing", [](auto& s) { set_config(s, "kernel", "u-boot2.bin"); }},
        {"config-kernel-no-program", [](auto& s) { s.firmware->starts_a_program = false; }},
        {"firmware-incomplete", [](auto& s) { s.firmware->files.erase("fixup4.dat"); }},
        {"firmware-missing",
         [](auto& s) {
             s.firmware->files.erase("fixup4.dat");
             s.firmware->files.erase("start4.elf");
         }},
        {"armstub-missing", [](auto& s) { set_config(s, "armstub", "bl31.bin"); }},
        {"config-overlay-missing", [](auto& s) { set_config(s, "dtoverlay", "vc4-kms-v3d,noaudio"); }},
        {"config-include-missing", [](auto& s) { set_config(s, "include", "extra.txt"); }},
        {"uart-off-under-uboot", [](auto& s) { set_config(s, "enable_uart", "0"); }},
        {"uart-not-enabled",
         [](auto& s) {
             set_config(s, "enable_uart", "0");
             s.uboot.reset();
         }},
        {"config-overlay-not-applied",
         [](auto& s) {
             OverlayFacts overlay;
             overlay.file = "overlays/vc4-kms-v3d.dtbo";
             overlay.failure = "the label vc4 is not among the device tree's labels";
             s.firmware->overlays = {overlay};
         }},
        // Disk
        {"fat-larger-than-partition", [](auto& s) { s.disk->partitions[0].file_system_size = 257 * MiB; }},
        {"ext4-larger-than-partition", [](auto& s) { s.disk->partitions[1].file_system_size = 501 * MiB; }},
        {"ext4-smaller-than-partition", [](auto& s) { s.disk->partitions[1].file_system_size = 200 * MiB; }},
        {"partitions-overlap", [](auto& s) { s.disk->partitions[1].range.begin -= 512; }},
        {"partition-beyond-image", [](auto& s) { s.disk->size -= 512; }},
        {"root-not-found", [](auto& s) { s.dom0_bootargs = "console=hvc0 root=/dev/mmcblk0p3"; }},
        {"fstab-root-not-found", [](auto& s) { s.root->fstab_root = "PARTUUID=87654321-02"; }},
        {"boot-partition-missing", [](auto& s) { s.disk->boot_partition.reset(); }},
        {"boot-partition-unusual", [](auto& s) { s.disk->partitions[0].mbr_type = 0x83; }},
        {"fat32-too-few-clusters", [](auto& s) { s.disk->partitions[0].cluster_count = 65524; }},
        {"fat-last-cluster", [](auto& s) { s.disk->partitions[0].in_last_cluster = "/start4.elf"; }},
        {"fat-name-clash",
         [](auto& s) {
             s.disk->name_clashes = {"boot.scr", "BOOT.SCR"};
         }},
        {"image-damaged", [](auto& s) { s.disk->damages = {"partition 1: the copies of the FAT differ"}; }},
        // Root
        {"no-getty-on-hvc0", [](auto& s) { s.root->getty_on_hvc0 = false; }},
        {"xen-tools-missing", [](auto& s) { s.root->xen_tools = false; }},
        {"xl-runtime-missing", [](auto& s) { s.root->xl_lacks = {"/var/log/xen"}; }},
        {"firmware-too-old", [](auto& s) { s.firmware->built = "2020-10-01"; }},
        {"xen-tools-version", [](auto& s) { s.root->xen_tools_version = "4.14"; }},
        {"init-not-aarch64", [](auto& s) { s.root->init_machine = std::uint16_t{62}; }},
        {"root-below-a-folder",
         [](auto& s) {
             s.root->init_present = false;
             s.root->below = "rootfs";
         }},
        {"root-inside-a-file",
         [](auto& s) {
             s.root->init_present = false;
             s.root->inside = "root.ext4";
             s.root->inside_kind = "an ext2, ext3 or ext4 file system";
         }},
        {"init-missing",
         [](auto& s) {
             s.root->init_present = false;
             s.modules.clear();
         }},
    };
    return all;
}

}  // namespace rpixen::test
