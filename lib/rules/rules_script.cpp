#include <algorithm>

#include "rules/rules.hpp"

// Chapter 6, first half: the boot script.

namespace rpixen {
namespace {

const ScriptFacts* script(const BootScenario& scenario) {
    return scenario.script ? &*scenario.script : nullptr;
}

/// One finding that lists up to four places.
Findings listed(const std::vector<std::string>& places, std::string message, std::string allowed, std::string change) {
    if (places.empty()) return {};
    std::vector<std::string> shown(
        places.begin(), places.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(places.size(), 4)));
    if (places.size() > shown.size()) shown.push_back(std::to_string(places.size() - shown.size()) + " more");
    return {{std::move(message), describe_list(shown), std::move(allowed), std::move(change)}};
}

Findings damaged(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || facts->header_right.value_or(true)) return {};
    return {{facts->file + " is no sound U-Boot script image", "a wrong magic or checksum",
             "a legacy script image with right checksums",
             "make it anew: mkimage -A arm64 -T script -C none -d boot.cmd boot.scr"}};
}

Findings too_large(const BootScenario& scenario) {
    constexpr std::uint64_t limit = 64 * KiB;  // bootmeth_alloc_file(bflow, 0x10000, ...)
    const ScriptFacts* facts = script(scenario);
    if (!facts || facts->size <= limit || !scenario.uboot || scenario.uboot->year < 2023) return {};
    return {{facts->file + " is too large for U-Boot", describe_size(facts->size), "at most " + describe_size(limit),
             "shorten the script"}};
}

Findings wrong_name(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || facts->file.empty()) return {};
    const std::string name = facts->file.substr(facts->file.rfind('/') + 1);
    if (name == "boot.scr" || name == "boot.scr.uimg" || name == "uboot.env" || name == "extlinux.conf" ||
        name == "u-boot.bin")
        return {};
    return {{"U-Boot does not look for " + facts->file, facts->file, "boot.scr or boot.scr.uimg",
             "compile it with mkimage and call it boot.scr"}};
}

Findings unchecked(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->unchecked_steps, "the script goes on after a step that failed",
                  "every step tested with && or if, and a message where it fails",
                  "join the steps with && and report the one that failed");
}

Findings fixed_device(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->fixed_devices, "the script names the device by number",
                  "${devtype} ${devnum}:${distro_bootpart}",
                  "use the variables that U-Boot sets for the device it booted from");
}

Findings absent_device(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->absent_devices, "the script reads a device or a partition that is not there",
                  "the card, and the partitions that it has",
                  "use ${devtype} ${devnum}:${distro_bootpart} (U-Boot prints \"Bad device specification\" or "
                  "\"Invalid partition\")");
}

Findings carriage_returns(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->carriage_returns, "lines end in a carriage return, which U-Boot takes for a letter",
                  "lines that end in a line feed alone",
                  "convert the text (dos2unix, or sed 's/\\r$//') before mkimage; for env import use -r");
}

Findings efi_before(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || facts->efi_before.empty()) return {};
    return {{"U-Boot starts an EFI program before " + facts->file, facts->efi_before,
             "no EFI/BOOT/BOOTAA64.EFI beside " + facts->file, "remove the EFI program, or boot Xen through it"}};
}

Findings decimal(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->decimal_numbers, "a number in the script looks decimal, and U-Boot reads hex",
                  "a number with 0x in front", "write 0x in front, after converting it where decimal was meant");
}

Findings syntax(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->syntax_errors, "U-Boot's shell will not read the script",
                  "balanced quotes, if with fi, no # inside a line", "mend the line");
}

Findings missing_file(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->missing_files, "the script loads a file that the partition does not hold",
                  "files of the boot partition",
                  "put the file there, or mend the name (U-Boot prints \"Failed to load\")");
}

Findings missing_node(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->missing_nodes, "the script edits a node that the device tree does not have",
                  "a node of this tree", "mend the path for this kernel's device tree");
}

Findings never_boots(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || facts->reaches_booti || facts->starts_efi || !facts->syntax_errors.empty() ||
        !facts->header_right.value_or(true))
        return {};
    if (!facts->unfollowed.empty()) return {};  // said as a note by the one who followed it
    return {{"the script ends without booti",
             facts->file + (facts->last_failure.empty() ? "" : "; " + facts->last_failure),
             "booti <Xen> - <device tree>", "end the script with booti"}};
}

Findings booti_without_xen(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || !facts->reaches_booti || (scenario.xen && scenario.xen->address) || !facts->unfollowed.empty())
        return {};
    std::string found = "booti " + facts->booti_image;
    if (scenario.kernel && scenario.kernel->address && !scenario.kernel->release.empty())
        found += "; " + scenario.kernel->file + ", loaded to " + format_address(*scenario.kernel->address) +
                 ", is Linux " + scenario.kernel->release;
    return {{"booti is given an address where no Xen was loaded", found, "the address that Xen was loaded to",
             "load Xen, and give its address to booti"}};
}

/// A failed `fdt apply` spoils the tree that it is given; the overlay's own finding is the cause, and the only one
/// told.
bool tree_spoiled_by_overlay(const BootScenario& scenario) {
    return std::any_of(scenario.overlays.begin(), scenario.overlays.end(), [](const OverlayFacts& overlay) {
        return overlay.at_boot && !overlay.base_kept && overlay.cannot_be_applied();
    });
}

Findings booti_without_tree(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || !facts->reaches_booti || !facts->unfollowed.empty()) return {};
    if (scenario.device_tree && (!facts->booti_tree.empty() || tree_spoiled_by_overlay(scenario))) return {};
    std::string found = "no third argument";
    if (const std::string& given = facts->booti_argument.empty() ? facts->booti_tree : facts->booti_argument;
        !given.empty()) {
        found = "booti ... " + given + ", where no sound tree lies";
        if (scenario.device_tree && scenario.device_tree->address && !scenario.device_tree->file.empty())
            found += "; " + scenario.device_tree->file + " was loaded to " +
                     format_address(*scenario.device_tree->address);
    }
    return {{"booti is given no device tree", found, "the address that the device tree was loaded to",
             "load the device tree, and give its address to booti as the third argument"}};
}

Findings bootm_refuses(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts) return {};
    return listed(facts->refused_images, "bootm is given what is neither a uImage nor a FIT",
                  "a uImage, or a FIT; booti for a raw Image", "use booti, or wrap the file with mkimage");
}

Findings nothing_to_run(const BootScenario& scenario) {
    if (!scenario.nothing_to_run) return {};
    return {{"U-Boot finds nothing to start on this card",
             "no boot.scr, no extlinux/extlinux.conf, no sound uboot.env with a bootcmd",
             "boot.scr on the boot partition",
             "put a boot.scr there: rpixen-img compose writes one, or mkimage -A arm64 -T script -C none -d "
             "boot.cmd "
             "boot.scr"}};
}

bool is_extlinux(const ScriptFacts* facts) {
    return facts && facts->file.ends_with("extlinux.conf");
}

Findings extlinux_without_dom0(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!is_extlinux(facts) || !facts->reaches_booti || !scenario.xen) return {};
    if (scenario.kernel && scenario.kernel->address && scenario.device_tree && scenario.device_tree->effective)
        for (const ModuleFacts& module : scenario.device_tree->effective->modules)
            if (module.range && module.range->begin == *scenario.kernel->address) return {};
    return {{"extlinux.conf starts Xen, but no kernel for dom0 is loaded",
             scenario.xen->file + " as its kernel" +
                 (scenario.kernel && scenario.kernel->address
                      ? ", " + scenario.kernel->file + " at " + format_address(*scenario.kernel->address) +
                            " without a module node that says so"
                      : ""),
             "a boot.scr that loads Xen, dom0's kernel and the device tree",
             "remove extlinux.conf and use a boot.scr"}};
}

Findings extlinux_first(const BootScenario& scenario) {
    const ScriptFacts* facts = script(scenario);
    if (!facts || facts->hides.empty()) return {};
    return {{"U-Boot starts " + facts->file + " and never comes to " + facts->hides,
             facts->file + " and " + facts->hides, "one of them",
             "remove " + (is_extlinux(facts) ? facts->file : facts->hides)}};
}

constexpr Rule rules[] = {
    {{.id = "nothing-to-boot",
      .rule = "U3c",
      .severity = Severity::error,
      .title = "U-Boot finds nothing to start",
      .why = "It tries the USB disks and the network, and stops at its prompt.",
      .story = "The standard boot looks on each partition for extlinux/extlinux.conf, then for boot.scr.uimg and "
               "boot.scr, in / and in /boot/, then for an EFI program. A bootcmd of one's own comes from "
               "uboot.env, and "
               "only where its checksum is right: with a wrong one U-Boot takes its default environment.",
      .source = "u-boot include/config_distro_bootcmd.h, boot/bootmeth_script.c"},
     nothing_to_run},
    {{.id = "bootm-raw-image",
      .rule = "U15",
      .severity = Severity::error,
      .title = "bootm is given a raw image",
      .why = "It refuses with \"Wrong Image Format for bootm command\".",
      .story = "bootm starts legacy uImages and FITs; a raw arm64 Image, Xen's or Linux', is for booti. A uImage of "
               "Xen (mkimage -A arm64 -O linux -T kernel -a 0x200000 -e 0x200000) starts as booti would start it.",
      .source = "u-boot boot/bootm.c boot_get_kernel"},
     bootm_refuses},
    {{.id = "extlinux-without-dom0",
      .rule = "U13",
      .severity = Severity::error,
      .title = "extlinux.conf starts Xen without a kernel for dom0",
      .why = "extlinux loads one kernel, one initrd and one device tree, so Xen panics with \"Missing kernel "
             "boot module?\" or \"Could not set up DOM0 guest OS\".",
      .story = "U-Boot puts the file named by `kernel` (here Xen) at kernel_addr_r, the initrd at ramdisk_addr_r "
               "and the tree at fdt_addr_r. Nothing else can be loaded. Only a device tree whose /chosen has a "
               "module "
               "node with ramdisk_addr_r and the exact size of dom0's kernel, named as initrd, would start; "
               "`fdtoverlays` needs fdtoverlay_addr_r, which U-Boot for the Raspberry Pi does not set.",
      .source = "u-boot boot/pxe_utils.c label_boot; board/raspberrypi/rpi/rpi.env"},
     extlinux_without_dom0},
    {{.id = "extlinux-before-script",
      .rule = "U14",
      .severity = Severity::warning,
      .title = "extlinux.conf hides boot.scr",
      .why = "U-Boot looks for extlinux.conf first, and boot.scr is not run.",
      .story = "Distributions leave an extlinux.conf behind, and a boot.scr that was added later is never "
               "seen: the card "
               "goes on starting the plain kernel. Where extlinux.conf fails, U-Boot goes on to the script.",
      .source = "u-boot include/config_distro_bootcmd.h scan_dev_for_boot; boot/bootmeth-uclass.c"},
     extlinux_first},
    {{.id = "script-damaged",
      .rule = "U3a",
      .severity = Severity::error,
      .title = "boot.scr is not a sound script image",
      .why = "`source` refuses it with \"Bad header crc\" or \"Wrong image format for source command\".",
      .story = "boot.scr is text behind a legacy image header of 64 bytes and a list of lengths, with a "
               "CRC32 of each. Editing the file in place breaks the second one; "
               "a plain text under that name is no image.",
      .source = "u-boot boot/image-legacy.c, cmd/source.c"},
     damaged},
    {{.id = "script-too-large",
      .rule = "U3",
      .severity = Severity::error,
      .title = "boot.scr is larger than 64 KiB",
      .why = "U-Boot's standard boot reads at most 0x10000 bytes of a script.",
      .story = "bootmeth_script allocates 0x10000 bytes for boot.scr.uimg or boot.scr. It sets devtype, "
               "devnum, distro_bootpart and prefix before it runs it.",
      .source = "u-boot boot/bootmeth_script.c"},
     too_large},
    {{.id = "script-not-found",
      .rule = "U3b",
      .severity = Severity::error,
      .title = "The only script has a name that U-Boot does not look for",
      .why = "U-Boot looks for boot.scr.uimg and boot.scr, and a boot.cmd is only their source.",
      .story = "Recipes sometimes install boot.cmd without compiling it. U-Boot then goes on to the network.",
      .source = "u-boot boot/bootmeth_script.c"},
     wrong_name},
    {{.id = "script-unchecked-steps",
      .rule = "U5",
      .severity = Severity::warning,
      .title = "The script does not notice a step that fails",
      .why = "It goes on with a missing device tree or kernel, and the failure is seen much later as "
             "something else.",
      .story = "Steps that are joined with `;`, or stand on lines of their own, run whatever the one before "
               "came to. The original boot_xen, meta-virtualization, the xen-troops products and "
               "ImageBuilder all do that. A card whose files are all there boots all the same, so this is a "
               "warning; what is wrong with the files is said by other rules.",
      .source = "u-boot common/cli_hush.c"},
     unchecked},
    {{.id = "script-fixed-device",
      .rule = "U6",
      .severity = Severity::warning,
      .title = "The script names the device by number",
      .why = "mmc 0 is the card in most U-Boots and 1 in some; a USB disk is neither.",
      .story = "U-Boot tells the script where it came from: devtype, devnum, distro_bootpart. Which number "
               "the card has depends on aliases in U-Boot's own device tree "
               "(meta-raspberrypi #1256).",
      .source = "u-boot boot/bootmeth_script.c"},
     fixed_device},
    {{.id = "script-absent-device",
      .rule = "U6a",
      .severity = Severity::error,
      .title = "The script reads a device or a partition that is not there",
      .why = "Every load from it fails, and booti then finds no Xen.",
      .story = "meta-virtualization's boot script of 2023 says `mmc 1:1`; where U-Boot counts the card as mmc 0 "
               "it "
               "prints \"Bad device specification mmc 1\" and at the end \"Bad Linux ARM64 Image magic!\". The "
               "card "
               "is mmc 0 unless an alias in the firmware's device tree gives its controller another number; the "
               "emulated board shows mmc 0 with Debian's U-Boot 2023.01 and 2025.01. What a script only tries in "
               "an if counts when nothing else starts.",
      .source = "u-boot disk/part.c blk_get_device_part_str"},
     absent_device},
    {{.id = "script-carriage-return",
      .rule = "U11a",
      .severity = Severity::error,
      .title = "Lines of the script end in a carriage return",
      .why = "U-Boot knows line feeds only: the last word of every line ends in an invisible letter.",
      .story = "A boot.cmd that was edited on Windows and compiled with mkimage looks for a file called "
               "\"xen\\r\", and "
               "`fi\\r` is no fi. `env import -t` keeps the letter in the values of a uEnv.txt; with -r it takes "
               "it away. Seen with U-Boot 2023.01 and 2025.01.",
      .source = "u-boot common/cli_hush.c, lib/hashtable.c himport_r"},
     carriage_returns},
    {{.id = "efi-before-script",
      .rule = "U3d",
      .severity = Severity::warning,
      .title = "U-Boot starts an EFI program before the script",
      .why = "Bootstd of v2025.01 and later tries EFI/BOOT/BOOTAA64.EFI before boot.scr on the same partition.",
      .story = "Up to v2024.10 the script came first, so a card with both changes its way of booting with the "
               "U-Boot. What the EFI program does was not followed; the findings are about the script.",
      .source = "u-boot boot/bootmeth_efi.c, boot/bootmeth_script.c"},
     efi_before},
    {{.id = "script-decimal-number",
      .rule = "U7",
      .severity = Severity::warning,
      .title = "A number in the script looks decimal",
      .why = "U-Boot reads `fdt resize 1024` as 0x1024, 4132 bytes.",
      .story = "All addresses and sizes of fdt, load and booti are hexadecimal, with or without 0x.",
      .source = "u-boot cmd/fdt.c, cmd/fs.c"},
     decimal},
    {{.id = "script-syntax",
      .rule = "U11",
      .severity = Severity::error,
      .title = "U-Boot's shell cannot read the script",
      .why = "It stops with \"syntax error\" or takes the rest of the text into a string.",
      .story = "Unbalanced quotes and an if without fi are what goes wrong most. What a "
               "variable holds is read a second time when it is used, so a quote in it counts too.",
      .source = "u-boot common/cli_hush.c"},
     syntax},
    {{.id = "script-missing-file",
      .rule = "U5a",
      .severity = Severity::error,
      .title = "The script loads a file that is not there",
      .why = "U-Boot prints \"Failed to load\" and goes on or stops, depending on the script.",
      .story = "FAT names do not care for case in U-Boot; folders must be written out. Files that a script "
               "tries in an if, with another way when they are missing, are not counted.",
      .source = "u-boot fs/fs.c"},
     missing_file},
    {{.id = "script-missing-node",
      .rule = "D13",
      .severity = Severity::warning,
      .title = "The script edits a node that the tree does not have",
      .why = "`fdt rm` and `fdt set` fail with FDT_ERR_NOTFOUND, and an && chain ends there.",
      .story = "meta-virtualization removes /scb/pcie@7d500000/pci@1,0/usb@1,0; on newer trees the nodes are "
               "called pci@0,0/usb@0,0, and /scb has another name.",
      .source = "meta-virtualization boot.cmd.xen.in"},
     missing_node},
    {{.id = "script-never-boots",
      .rule = "U5b",
      .severity = Severity::error,
      .title = "The script ends without booti",
      .why = "U-Boot returns from it and tries the next device.",
      .story = "The evaluator followed every branch that it would take with the files of this card, and none "
               "reached booti.",
      .source = "u-boot cmd/booti.c"},
     never_boots},
    {{.id = "booti-without-xen",
      .rule = "U5c",
      .severity = Severity::error,
      .title = "booti is given an address without Xen",
      .why = "U-Boot prints \"Bad Linux ARM64 Image magic!\", or starts something else.",
      .story = "The address given to booti is not the one that Xen was loaded to, or Xen was not loaded.",
      .source = "u-boot cmd/booti.c"},
     booti_without_xen},
    {{.id = "booti-without-tree",
      .rule = "U5d",
      .severity = Severity::error,
      .title = "booti is given no device tree",
      .why = "U-Boot stops with \"ERROR: Did not find a cmdline Flattened Device Tree\".",
      .story = "The third argument must be the address of a sound tree. One that a failed `fdt apply` has "
               "destroyed is none.",
      .source = "u-boot boot/image-fdt.c boot_get_fdt"},
     booti_without_tree},
};

}  // namespace

std::span<const Rule> script_rules() {
    return rules;
}

}  // namespace rpixen
