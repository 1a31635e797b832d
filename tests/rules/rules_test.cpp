#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "rules/good_scenario.hpp"
#include "rules/rules.hpp"

namespace rpixen {
namespace {

using test::good_scenario;
using Break = std::function<void(BootScenario&)>;
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

/// A guest beside dom0, as it should be.
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

/// The same with its memory set aside by address, and mapped one to one.
GuestFacts& add_static_guest(BootScenario& s) {
    add_guest(s);
    GuestFacts& guest = tree(s).guests[0];
    guest.static_memory = guest.direct_map = true;
    guest.static_ranges = {{0x30000000, 0x34000000}, {0x2c000000, 0x30000000}};
    return guest;
}

/// A guest of xl beside dom0, as it should be.
XlGuestFacts& add_xl_guest(BootScenario& s) {
    XlGuestFacts guest;
    guest.config = "/etc/xen/auto/db.cfg";
    guest.name = "db";
    guest.memory = 128 * MiB;
    s.root->xl_guests = {guest};
    return s.root->xl_guests.front();
}

/// Without dom0's modules.
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

/// How a good card is broken, one way for each rule.
const std::map<std::string, Break>& breaks() {
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

std::set<std::string> ids(const std::vector<Diagnostic>& diagnostics) {
    std::set<std::string> found;
    for (const Diagnostic& diagnostic : diagnostics) found.insert(diagnostic.id);
    return found;
}

TEST(Rules, AGoodCardRaisesNothing) {
    for (const Diagnostic& diagnostic : judge(good_scenario()))
        ADD_FAILURE() << diagnostic.id << ": " << diagnostic.message << "; " << diagnostic.found;
}

TEST(Rules, AScenarioOfWhichNothingIsKnownRaisesNothing) {
    EXPECT_TRUE(judge(BootScenario{}).empty());
}

TEST(Rules, EveryRuleHasAWayToProvokeIt) {
    std::set<std::string> catalogue;
    for (const DiagnosticRule& rule : diagnostic_rules()) catalogue.insert(std::string(rule.id));
    std::set<std::string> provoked;
    for (const auto& [id, unused] : breaks()) provoked.insert(id);
    EXPECT_EQ(catalogue, provoked);
    EXPECT_EQ(catalogue.size(), diagnostic_rules().size()) << "two rules share an id";
}

TEST(Rules, EachIsFoundInACardThatBreaksIt) {
    for (const auto& [rule, break_card] : breaks()) {
        const auto& id = rule;  // Clang 14 captures no structured binding
        SCOPED_TRACE(id);
        BootScenario scenario = good_scenario();
        break_card(scenario);
        const auto diagnostics = judge(scenario);
        const auto place = std::find_if(diagnostics.begin(), diagnostics.end(),
                                        [&](const Diagnostic& diagnostic) { return diagnostic.id == id; });
        if (place == diagnostics.end()) {
            ADD_FAILURE() << "not found; found instead: " << ::testing::PrintToString(ids(diagnostics));
            continue;
        }
        EXPECT_FALSE(place->message.empty());
        EXPECT_FALSE(place->found.empty());
        EXPECT_FALSE(place->allowed.empty());
        EXPECT_FALSE(place->change.empty());
        EXPECT_FALSE(place->why.empty());
        EXPECT_EQ(place->severity, find_diagnostic_rule(id)->severity);
    }
}

TEST(Rules, TheCatalogueIsSortedAndSearchable) {
    const auto rules = diagnostic_rules();
    EXPECT_TRUE(std::is_sorted(rules.begin(), rules.end(),
                               [](const DiagnosticRule& a, const DiagnosticRule& b) { return a.id < b.id; }));
    std::set<std::string_view> numbers;
    for (const DiagnosticRule& rule : rules) {
        EXPECT_EQ(find_diagnostic_rule(rule.id), &rule);
        EXPECT_TRUE(numbers.insert(rule.rule).second) << rule.rule << " is used twice";
        for (const std::string_view text : {rule.title, rule.why, rule.story, rule.source})
            EXPECT_FALSE(text.empty()) << rule.id;
        EXPECT_TRUE(rule.why.ends_with('.')) << rule.id;
        EXPECT_FALSE(rule.title.ends_with('.')) << rule.id;
    }
    EXPECT_EQ(find_diagnostic_rule("no-such-rule"), nullptr);
}

TEST(Rules, EachBoardIsAskedForItsOwnDom0Mem) {
    BootScenario scenario = good_scenario();
    constexpr std::uint64_t gib = 1 * GiB;
    scenario.dom0_mem_of_board = {{gib, "512M"}, {2 * gib, "1G"}, {4 * gib, "2G"}, {8 * gib, "4G"}};
    EXPECT_TRUE(judge(scenario).empty());
    scenario.dom0_mem_of_board[gib] = "1G";
    const auto diagnostics = judge(scenario);
    ASSERT_EQ(diagnostics.size(), 1U);
    EXPECT_EQ(diagnostics[0].id, "dom0-mem-excludes-boards");
    EXPECT_EQ(diagnostics[0].found.substr(0, 78),
              "dom0_mem=1G on 1 GB, 1G on 2 GB, 2G on 4 GB, 4G on 8 GB starts on boards with ");
    for (auto& [board, memory] : scenario.dom0_mem_of_board) memory = "8G";
    EXPECT_EQ(judge(scenario)[0].id, "dom0-mem-impossible");
}

TEST(Rules, WhatXenWasBuiltWithMayBeAskedFor) {
    BootScenario scenario = good_scenario();
    *scenario.xen_bootargs += " xsm=flask flask=permissive";
    tree(scenario).static_heap = tree(scenario).cpu_pools = true;
    tree(scenario).untyped_pcie = {"/scb/pcie@7d500000/pci@1,0"};
    scenario.modules[ModuleKind::xsm_policy] = LoadedFile{"xenpolicy", 20000, std::nullopt};
    EXPECT_TRUE(judge(scenario).empty()) << "not known, or 4.17";
    scenario.xen->config = {{"CONFIG_XSM", "y"},
                            {"CONFIG_XSM_FLASK", "y"},
                            {"CONFIG_XSM_SILO_DEFAULT", "y"},
                            {"CONFIG_STATIC_MEMORY", "y"},
                            {"CONFIG_BOOT_TIME_CPUPOOLS", "y"}};
    EXPECT_TRUE(judge(scenario).empty());
    scenario.xen->config.erase("CONFIG_STATIC_MEMORY");
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"xen-lacks-feature"});
}

TEST(Rules, AGuestBesideDom0IsNoFault) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    scenario.guest_modules[0].reg_size += 4096;  // a raw kernel may have room behind it
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    scenario.guest_modules[0].image = ImageKind::gzip;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-module-reg-wrong-size"});
}

TEST(Rules, AGuestOfXlIsNoFault) {
    BootScenario scenario = good_scenario();
    add_xl_guest(scenario);
    EXPECT_EQ(judge(scenario).size(), judge(good_scenario()).size());
}

TEST(Rules, GuestsOfXlGetWhatThoseOfXenLeave) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    tree(scenario).guests[0].memory = 7 * GiB;
    add_xl_guest(scenario).memory = 300 * MiB;
    EXPECT_THAT(ids(judge(scenario)), testing::Contains("xl-guest-memory-impossible"));
    tree(scenario).guests[0].memory = 5 * GiB;
    EXPECT_THAT(ids(judge(scenario)), testing::Not(testing::Contains("xl-guest-memory-impossible")));
}

TEST(Rules, AGuestWithItsOwnAddressesMayHaveADevice) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    scenario.guest_modules[0].forced = {"/soc/dma@7e007000"};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-device-without-direct-map"});
    scenario = good_scenario();
    add_static_guest(scenario);
    scenario.guest_modules[0].forced = {"/soc/dma@7e007000"};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    // 4.16 has static memory, and does not know direct-map.
    scenario.xen->minor = 16;
    scenario.root->xen_tools_version = "4.16";
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-device-without-direct-map"});
}

TEST(Rules, StaticMemoryIsNoFault) {
    BootScenario scenario = good_scenario();
    GuestFacts& guest = add_static_guest(scenario);
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    guest.direct_map = false;
    guest.vpl011 = true;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{}) << "its vpl011 is at a guest's usual address";
    guest.xenstore = guest.enhanced = true;
    scenario.xen->minor = 21;
    scenario.root->xen_tools_version = "4.21";
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{}) << "Xen allocates xenstore's page";
    scenario.xen->minor = 20;
    scenario.root->xen_tools_version = "4.20";
    guest.xenstore = false;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{}) << "no-xenstore";
}

TEST(Rules, StaticMemoryIsHeldToTheCellsAndPages) {
    BootScenario scenario = good_scenario();
    GuestFacts& guest = add_static_guest(scenario);
    guest.static_ranges = {{0x30000800, 0x38000800}};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-static-memory-wrong"});
    guest.static_ranges.clear();
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-static-memory-wrong"});
}

TEST(Rules, StaticMemoryIsTakenByItsOwnersAlone) {
    BootScenario scenario = good_scenario();
    const GuestFacts first = add_static_guest(scenario);
    tree(scenario).guests.push_back(first);
    tree(scenario).guests[1].path = "/chosen/domU2";
    EXPECT_THAT(ids(judge(scenario)), testing::Contains("guest-static-memory-taken"));
    // Grants of a guest that is mapped one to one are at 0x38000000 all the same.
    scenario = good_scenario();
    GuestFacts& guest = add_static_guest(scenario);
    guest.static_ranges = {{0x32000000, 0x3a000000}};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    guest.enhanced = true;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-static-memory-taken"});
}

TEST(Rules, StaticMemoryIsMissedByDom0) {
    BootScenario scenario = good_scenario();
    *scenario.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=7600M";
    const auto before = ids(judge(scenario));
    EXPECT_THAT(before, testing::Not(testing::Contains("dom0-mem-impossible")));
    GuestFacts& guest = add_static_guest(scenario);
    guest.memory = 1 * GiB;
    guest.static_ranges = {{0x80000000, 0xc0000000}};
    EXPECT_THAT(ids(judge(scenario)), testing::Contains("dom0-mem-impossible"));
}

TEST(Rules, GuestsWithoutDom0AreNoFault) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    remove_dom0(scenario);
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
}

TEST(Rules, ASharedModuleIsDom0sWhereItsNodeStandsFirst) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    scenario.xen->minor = 20;
    scenario.root->xen_tools_version = "4.20";
    auto& modules = tree(scenario).modules;
    modules[2].range = modules[0].range;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    std::rotate(modules.begin(), modules.begin() + 2, modules.end());
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-owns-dom0-module"});
    scenario.xen->minor = 17;
    scenario.root->xen_tools_version = "4.17";
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
}

TEST(Rules, AnArmstubTakesWhatItsFileHas) {
    BootScenario scenario = good_scenario();
    set_config(scenario, "armstub", "armstub8-gic.bin");
    scenario.firmware->files["armstub8-gic.bin"] = 512;
    scenario.firmware->armstub = Range{0, 512};
    EXPECT_TRUE(judge(scenario).empty());
    scenario.firmware->armstub = Range{0, 0x18001};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"load-over-armstub"});
}

TEST(Rules, TheBluetoothChipsPortIsNoConsole) {
    BootScenario scenario = good_scenario();
    tree(scenario).aliases["serial0"] = "/soc/serial@7e201000";
    scenario.xen_bootargs = "console=dtuart dtuart=serial0 dom0_mem=512M";
    EXPECT_TRUE(judge(scenario).empty());
    tree(scenario).serials[0].bluetooth = true;
    const auto diagnostics = judge(scenario);
    ASSERT_EQ(ids(diagnostics), std::set<std::string>{"xen-console-missing"});
    EXPECT_EQ(diagnostics[0].change, "use dtuart=serial1 or dtuart=/soc/serial@7e215040");
    set_config(scenario, "dtoverlay", "disable-bt");  // moves the PL011 to the header
    scenario.firmware->files["overlays/disable-bt.dtbo"] = 1;
    EXPECT_TRUE(judge(scenario).empty());
    scenario.firmware->config.erase(scenario.firmware->config.begin() + 2);  // enable_uart=1
    EXPECT_TRUE(judge(scenario).empty()) << "the PL011 on the header is on by default";
}

TEST(Rules, ErrorsComeFirst) {
    BootScenario scenario = good_scenario();
    scenario.uboot->arm64 = false;
    scenario.root->getty_on_hvc0 = false;
    *scenario.xen_bootargs += " sync_console";
    const auto diagnostics = judge(scenario);
    ASSERT_EQ(diagnostics.size(), 3U);
    EXPECT_EQ(diagnostics[0].id, "uboot-not-64-bit");
    EXPECT_EQ(diagnostics[1].id, "no-getty-on-hvc0");
    EXPECT_EQ(diagnostics[2].severity, Severity::note);
}

const Diagnostic& only(const std::vector<Diagnostic>& diagnostics, std::string_view id) {
    for (const Diagnostic& diagnostic : diagnostics)
        if (diagnostic.id == id) return diagnostic;
    throw std::runtime_error("no " + std::string(id));
}

TEST(Rules, NumbersAreGiven) {
    BootScenario scenario = good_scenario();
    scenario.device_tree->effective->modules[0].range = Range{0x480000, 0x480000 + 0xf80000};
    const auto small = judge(scenario);
    EXPECT_EQ(only(small, "dom0-reg-too-small").found,
              "reg 16,252,928 bytes (0xf80000), file 27,262,976 bytes (0x1a00000)");
    EXPECT_EQ(only(small, "dom0-reg-too-small").change, "set the size in reg to 0x1a00000");

    scenario = good_scenario();
    scenario.disk->partitions[0].range.end -= MiB;
    scenario.disk->partitions[1].range.begin -= MiB;
    const auto large = judge(scenario);
    EXPECT_NE(only(large, "fat-larger-than-partition")
                  .found.find("the last 1,048,576 bytes (0x100000) lie outside, over partition 2 (ext4)"),
              std::string::npos)
        << only(large, "fat-larger-than-partition").found;
}

TEST(Rules, ALaterLoadOverAScratchPlaceIsNoOverlap) {
    BootScenario scenario = good_scenario();
    Placement& scratch = placed(scenario, Role::overlay);
    scratch.range = {0x480000, 0x481000};
    Placement& kernel = placed(scenario, ModuleKind::kernel);
    kernel.from = 4;
    EXPECT_TRUE(judge(scenario).empty());
    kernel.from = 1;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"memory-overlap"});
}

TEST(Rules, ATreeThatAnOverlaySpoiledIsToldAsTheOverlaysFault) {
    BootScenario scenario = good_scenario();
    scenario.overlays[0].room = 300;
    const std::set<std::string> cause = ids(judge(scenario));
    EXPECT_TRUE(cause.contains("overlay-no-room"));
    scenario.script->booti_tree.clear();
    EXPECT_EQ(ids(judge(scenario)), cause);
    scenario.overlays[0].base_kept = true;
    EXPECT_TRUE(ids(judge(scenario)).contains("booti-without-tree"));
}

TEST(Rules, ConfigLinesOfOtherBoardsDoNotCount) {
    BootScenario scenario = good_scenario();
    scenario.firmware->config.push_back({"config.txt", 9, "arm_64bit=0", "pi3", "arm_64bit", "0"});
    EXPECT_TRUE(judge(scenario).empty());
}

TEST(Rules, TheLastLineOfConfigWins) {
    BootScenario scenario = good_scenario();
    set_config(scenario, "arm_64bit", "0");
    set_config(scenario, "arm_64bit", "1");
    EXPECT_TRUE(judge(scenario).empty());
}

TEST(Rules, RootIsFoundByItsPartuuid) {
    BootScenario scenario = good_scenario();
    scenario.dom0_bootargs = "console=hvc0 root=PARTUUID=12345678-02 rootwait";
    EXPECT_TRUE(judge(scenario).empty());
    scenario.dom0_bootargs = "console=hvc0 root=/dev/mmcblk0p1 rootwait";
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"root-not-found"});
}

TEST(Rules, WithoutAnInitDom0CannotStart) {
    BootScenario scenario = good_scenario();
    scenario.root->init_present = false;
    EXPECT_TRUE(judge(scenario).empty()) << "an initrd comes first";
    scenario.modules.clear();
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"init-missing"});
    const std::string line = *scenario.dom0_bootargs;
    scenario.dom0_bootargs = line + " init=/usr/bin/start";
    EXPECT_TRUE(judge(scenario).empty()) << "init= names another";
    scenario.root->named_init_present = false;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"init-missing"});
    scenario.root->init_present = true;  // Linux takes no other where one is named
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"init-missing"});
    scenario.dom0_bootargs = "console=hvc0 root=/dev/nfs ip=dhcp init=/usr/bin/start";
    EXPECT_TRUE(judge(scenario).empty()) << "that root is not on the card";
}

}  // namespace
}  // namespace rpixen
