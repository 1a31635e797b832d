#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "rules/config_keys.hpp"
#include "rules/rules.hpp"

// Chapter 7: the GPU firmware and config.txt.

namespace rpixen {
namespace {

constexpr std::size_t longest_line = 98;

const FirmwareFacts* firmware(const BootScenario& scenario) {
    return scenario.firmware ? &*scenario.firmware : nullptr;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& letter : result) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return result;
}

/// FAT names do not care for case.
bool has_file(const FirmwareFacts& facts, std::string_view path) {
    const std::string wanted = lower(path);
    return std::any_of(facts.files.begin(), facts.files.end(),
                       [&](const auto& file) { return lower(file.first) == wanted; });
}

Findings no_config(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->config_present) return {};
    return {{"the boot partition has no config.txt", "no config.txt", "arm_64bit=1, kernel=u-boot.bin, enable_uart=1",
             "write a config.txt"}};
}

Findings long_line(const BootScenario& scenario) {
    Findings findings;
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts) return {};
    for (const ConfigLine& line : facts->config)
        if (!line.key.empty() && line.text.size() > longest_line)
            findings.push_back({"a line of " + line.file + " is too long",
                                std::to_string(line.text.size()) + " characters",
                                "at most 98",
                                "split the line",
                                {line.file, {}, line.line, 99}});
    return findings;
}

Findings gic_off(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || config_value(*facts, "enable_gic").value_or("1") != "0") return {};
    return {{"config.txt switches the interrupt controller off", "enable_gic=0", "enable_gic=1 (the default)",
             "remove the line"}};
}

Findings not_64_bit(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || config_value(*facts, "arm_64bit").value_or("1") != "0") return {};
    return {{"config.txt starts the processor in 32-bit mode", "arm_64bit=0", "arm_64bit=1", "write arm_64bit=1"}};
}

Findings kernel_missing(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->files.empty() || !facts->uefi.empty()) return {};
    const auto kernel = config_value(*facts, "kernel");
    const std::string prefix = config_value(*facts, "os_prefix").value_or("");
    const std::string name = kernel.value_or("kernel8.img");
    if (has_file(*facts, prefix + name) || has_file(*facts, name)) return {};
    return {{"the firmware will not find what it is to start",
             (kernel ? "kernel=" : "no kernel= line, so ") + name + ", which is not on the boot partition",
             "a file of the boot partition", "put the file there, or write kernel=u-boot.bin"}};
}

Findings kernel_no_program(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->starts_a_program.value_or(true)) return {};
    const std::string name = config_value(*facts, "kernel").value_or("kernel8.img");
    const auto file = facts->files.find(name);
    return {{"the firmware starts " + name + ", which is no program",
             file == facts->files.end() ? name : std::to_string(file->second) + " bytes that no processor runs",
             "U-Boot, or another program for AArch64", "put U-Boot's u-boot.bin there"}};
}

Findings starts_linux(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->starts_linux.empty()) return {};
    return {{"the firmware starts Linux, and Xen is never started",
             config_value(*facts, "kernel").value_or("kernel8.img") + " is Linux " + facts->starts_linux,
             "U-Boot, Xen with dom0's kernel behind it, or a UEFI firmware", "write kernel=u-boot.bin"}};
}

Findings unknown_keys(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts) return {};
    std::vector<std::string> found;
    for (const ConfigLine& line : facts->config)
        if (!line.key.empty() && line.text.find('=') != std::string::npos && !is_config_key(line.key))
            found.push_back(line.key + " (" + line.file + " line " + std::to_string(line.line) + ")");
    if (found.empty()) return {};
    return {{"config.txt has keys that the firmware does not know", describe_list(found),
             "keys of the firmware's documentation",
             "remove them; Xen's and dom0's command lines belong into the device tree"}};
}

Findings firmware_incomplete(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->files.empty()) return {};
    const bool start = has_file(*facts, "start4.elf");
    const bool fixup = has_file(*facts, "fixup4.dat");
    if (start == fixup) return {};
    return {{"the GPU firmware is incomplete",
             start ? "start4.elf without fixup4.dat" : "fixup4.dat without start4.elf", "both, of the same release",
             "take both files from one release of raspberrypi/firmware"}};
}

Findings firmware_missing(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->files.empty()) return {};
    for (const char* file : {"start4.elf", "start4x.elf", "start4cd.elf", "start4db.elf", "fixup4.dat"})
        if (has_file(*facts, file)) return {};
    return {{"there is no GPU firmware on the boot partition", "no start4.elf", "start4.elf and fixup4.dat",
             "add the files of raspi-firmware; without them only an emulator can start this card"}};
}

/// The folder in the boot partition's root that the firmware cannot open; empty: none.
std::string folder_of_the_label(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || !scenario.disk) return {};
    for (const PartitionFacts& part : scenario.disk->partitions) {
        if (scenario.disk->boot_partition != part.number || part.label.empty()) continue;
        for (const auto& [path, size] : facts->files) {
            const std::string folder = path.substr(0, path.find('/'));
            if (folder.size() < path.size() && same_name(folder, part.label)) return folder;
        }
    }
    return {};
}

/// Files of that folder that config.txt makes the firmware read.
std::vector<std::string> wanted_of(const std::string& folder, const FirmwareFacts& facts) {
    std::vector<std::string> wanted;
    const std::string prefix = config_value(facts, "os_prefix").value_or("");
    const auto want = [&](const std::string& line, const std::string& path) {
        if (path.size() > folder.size() && path[folder.size()] == '/' &&
            same_name(path.substr(0, folder.size()), folder))
            wanted.push_back(line);
    };
    for (const char* key : {"kernel", "device_tree", "armstub"})
        if (const auto value = config_value(facts, key))
            want(key + ("=" + *value), has_file(facts, prefix + *value) ? prefix + *value : *value);
    const std::string overlays = config_value(facts, "overlay_prefix").value_or("overlays/");
    for (const std::string& value : config_values(facts, "dtoverlay"))
        if (!value.empty()) want("dtoverlay=" + value, overlays + value);
    return wanted;
}

Findings label_hides_wanted(const BootScenario& scenario) {
    const std::string folder = folder_of_the_label(scenario);
    if (folder.empty()) return {};
    const std::vector<std::string> wanted = wanted_of(folder, *firmware(scenario));
    if (wanted.empty()) return {};
    return {{"the firmware cannot open a folder that is named as the boot partition",
             describe_list(wanted) + ", and the volume label is that of " + folder + "/",
             "another label, or another folder",
             "set image.boot_partition.label to another one (fatlabel), or rename the folder"}};
}

Findings label_is_a_folder(const BootScenario& scenario) {
    const std::string folder = folder_of_the_label(scenario);
    if (folder.empty() || !wanted_of(folder, *firmware(scenario)).empty()) return {};
    return {{"a folder of the boot partition has the name of its volume label", folder + "/",
             "names that differ in more than case",
             "set image.boot_partition.label to another one (fatlabel), or rename the folder"}};
}

Findings armstub_missing(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->files.empty()) return {};
    const auto armstub = config_value(*facts, "armstub");
    if (!armstub || armstub->empty() || has_file(*facts, *armstub)) return {};
    return {{"config.txt names an armstub that is not there", "armstub=" + *armstub, "a file of the boot partition",
             "put the file there, or remove the line"}};
}

Findings overlay_missing(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->files.empty()) return {};
    std::vector<std::string> missing;
    for (const std::string& value : config_values(*facts, "dtoverlay")) {
        const std::string name = value.substr(0, value.find_first_of(",:"));
        const std::string path = config_value(*facts, "overlay_prefix").value_or("overlays/") + name + ".dtbo";
        if (!name.empty() && !has_file(*facts, path) &&
            !has_file(*facts, config_value(*facts, "os_prefix").value_or("") + path))
            missing.push_back("dtoverlay=" + name);
    }
    if (missing.empty()) return {};
    return {{"config.txt asks for overlays that are not there", describe_list(missing), "files of overlays/",
             "put the .dtbo files into overlays/, or remove the lines"}};
}

Findings include_missing(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || facts->files.empty()) return {};
    Findings findings;
    for (const ConfigLine& line : facts->config)
        if (line.key == "include" && !has_file(*facts, line.value))
            findings.push_back({"config.txt includes a file that is not there",
                                "include " + line.value,
                                "a file of the boot partition",
                                "put the file there, or remove the line",
                                {line.file, {}, line.line, 1}});
    return findings;
}

Findings overlay_not_applied(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts) return {};
    Findings findings;
    for (const OverlayFacts& overlay : facts->overlays)
        if (!overlay.valid || !overlay.is_overlay || !overlay.failure.empty())
            findings.push_back({"the firmware cannot apply " + overlay.file,
                                !overlay.valid        ? "no device tree blob"
                                : !overlay.is_overlay ? "a device tree without __overlay__ nodes"
                                                      : overlay.failure,
                                "an overlay for the device tree of this card",
                                "use an overlay made for this device tree, or remove the dtoverlay line"});
    return findings;
}

/// enable_uart= as the firmware takes it: by default on only where the header has the PL011.
bool uart_enabled(const FirmwareFacts& facts) {
    if (const auto value = config_value(facts, "enable_uart")) return *value == "1";
    return header_has_pl011(facts);
}

Findings uart_off_under_uboot(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || !facts->config_present || !scenario.uboot || uart_enabled(*facts)) return {};
    const auto value = config_value(*facts, "enable_uart");
    return {{"U-Boot will hang before it says a word", value ? "enable_uart=" + *value : "no enable_uart=1",
             "enable_uart=1", "write enable_uart=1 into config.txt"}};
}

Findings uart_off(const BootScenario& scenario) {
    const FirmwareFacts* facts = firmware(scenario);
    if (!facts || !facts->config_present || scenario.uboot || !scenario.xen_bootargs) return {};
    if (scenario.xen_bootargs->find("dtuart") == std::string::npos || uart_enabled(*facts)) return {};
    return {{"config.txt does not enable the serial port", "no enable_uart=1", "enable_uart=1", "add enable_uart=1"}};
}

/// A board that the family got later, and from when firmware is that can know it.
struct LaterBoard {
    const char* name;
    const char* since;  ///< a day
    const char* source;
};
constexpr LaterBoard later_boards[] = {
    {"Raspberry Pi 4 B with 8 GB", "2020-05-28",
     "announced on that day; firmware of August 2019 was seen to refuse board d03114"},
    {"Compute Module 4", "2020-10-19", "announced on that day"},
    {"Raspberry Pi 400", "2020-11-02", "announced on that day"},
    {"Raspberry Pi 4 B rev 1.5", "2021-03-01",
     "firmware of October 2020 was seen to refuse board c03115 (motionEyeOS #2925), "
     "an image of March 2021 a new 4 B (ethereumonarm #28)"},
};

Findings too_old(const BootScenario& scenario) {
    if (!scenario.firmware || scenario.firmware->built.empty()) return {};
    std::vector<std::string> refused;
    for (const LaterBoard& board : later_boards)
        if (scenario.firmware->built < board.since) refused.emplace_back(board.name);
    if (refused.empty()) return {};
    return {
        {"the GPU firmware is older than some boards",
         "built on " + scenario.firmware->built + ", before " + describe_list(refused),
         "firmware of " + std::string(std::rbegin(later_boards)->since) + " or later",
         "put the newest start4.elf and fixup4.dat on the boot partition (github.com/raspberrypi/firmware, or Debian's "
         "raspi-firmware)"}};
}

constexpr Rule rules[] = {
    {{.id = "config-missing",
      .rule = "F0",
      .severity = Severity::error,
      .title = "There is no config.txt",
      .why = "The firmware then looks for kernel8.img and leaves the serial port off.",
      .story = "config.txt is the firmware's only configuration. Without it there is no kernel=u-boot.bin.",
      .source = "Raspberry Pi documentation, config.txt"},
     no_config},
    {{.id = "config-line-too-long",
      .rule = "F1",
      .severity = Severity::warning,
      .title = "A line of config.txt is too long",
      .why = "The firmware ignores what stands behind the 98th character.",
      .story = "The limit was 78, then 80, and is 98 today. meta-raspberrypi warns at 80.",
      .source = "Raspberry Pi documentation, config.txt"},
     long_line},
    {{.id = "config-disables-gic",
      .rule = "F2",
      .severity = Severity::error,
      .title = "config.txt switches the interrupt controller off",
      .why = "Xen on Arm cannot run without a GIC.",
      .story = "enable_gic=0 selects the legacy controller, which the device tree for Linux can work with "
               "and Xen cannot. The default is 1 on a Pi 4.",
      .source = "Raspberry Pi documentation, config.txt enable_gic"},
     gic_off},
    {{.id = "config-not-64-bit",
      .rule = "F2a",
      .severity = Severity::error,
      .title = "config.txt starts the processor in 32-bit mode",
      .why = "U-Boot, Xen and dom0 are 64-bit programs.",
      .story = "arm_64bit=0 starts kernel= in AArch32. Firmware before 2021 had that as its default, so "
               "write arm_64bit=1 even though it is the default of today.",
      .source = "Raspberry Pi documentation, config.txt arm_64bit"},
     not_64_bit},
    {{.id = "config-kernel-missing",
      .rule = "F2b",
      .severity = Severity::error,
      .title = "What config.txt wants to start is not there",
      .why = "The firmware stops and blinks seven times.",
      .story = "kernel= names a file of the boot partition; without the line it is kernel8.img. Seven "
               "flashes of the green LED mean \"kernel image not found\".",
      .source = "Raspberry Pi documentation, LED warning flash codes"},
     kernel_missing},
    {{.id = "config-kernel-no-program",
      .rule = "F2c",
      .severity = Severity::error,
      .title = "What config.txt wants to start is no program",
      .why = "The processor jumps to its first byte.",
      .story = "The firmware loads the file that kernel= names and starts it without looking into it. An empty "
               "file, a text or a few bytes in U-Boot's place is a black screen. Only what cannot be a program "
               "at all is found: fewer than 64 bytes, or text. A 32-bit U-Boot has a rule of its own.",
      .source = "Raspberry Pi documentation, config.txt kernel"},
     kernel_no_program},
    {{.id = "config-starts-linux",
      .rule = "F2d",
      .severity = Severity::error,
      .title = "The firmware starts Linux without Xen",
      .why = "Linux comes up on the bare board, and there is no Xen under it.",
      .story = "The firmware can start Xen itself where kernel= names Xen's raw Image (kernel_address=0x200000), and "
               "dom0's kernel then stands in the same file behind it, or is loaded by initramfs. A file that is Linux "
               "alone is no such thing.",
      .source = "Raspberry Pi documentation, config.txt kernel; dornerworks xen-rpi4-builder"},
     starts_linux},
    {{.id = "config-key-unknown",
      .rule = "F10",
      .severity = Severity::warning,
      .title = "config.txt has a key that the firmware does not know",
      .why = "The firmware passes it over silently.",
      .story = "Recipes have been seen with xen_cmdline=, dom0_cmdline= and ramdisk_address=, which nobody reads. The "
               "list here is that of the documentation and of keys that are known from the firmware's history.",
      .source = "Raspberry Pi documentation, config.txt"},
     unknown_keys},
    {{.id = "firmware-incomplete",
      .rule = "F3",
      .severity = Severity::error,
      .title = "The GPU firmware is incomplete",
      .why = "start4.elf and fixup4.dat belong together.",
      .story = "Without fixup4.dat the memory split is wrong; without start4.elf nothing starts (four "
               "flashes). Boards of a newer revision also need newer files: \"start4.elf not compatible\".",
      .source = "Raspberry Pi documentation, boot folder contents; infix #1314"},
     firmware_incomplete},
    {{.id = "firmware-missing",
      .rule = "F3b",
      .severity = Severity::warning,
      .title = "There is no GPU firmware",
      .why = "A real board cannot start from this card; an emulator can.",
      .story = "The boot loader in the EEPROM reads start4.elf from the first FAT partition. QEMU's raspi4b "
               "does without it.",
      .source = "Raspberry Pi documentation, boot folder contents"},
     firmware_missing},
    {{.id = "label-hides-folder",
      .rule = "F9",
      .severity = Severity::error,
      .title = "The firmware must read from a folder that is named as the volume label",
      .why = "It finds the label's entry instead of the folder, and not the file: seven flashes, or an overlay "
             "that is missing.",
      .story = "The GPU firmware compares names of the root directory without looking whether the entry is the "
               "volume label, which stands first. Alpine Linux, which has its kernel in boot/, did not start from "
               "cards whose partition was labelled \"boot\" as Raspberry Pi OS labels it. Case does not matter.",
      .source = "raspberrypi/firmware #1529; RPi-Distro/pi-gen #669"},
     label_hides_wanted},
    {{.id = "label-is-a-folder",
      .rule = "F9a",
      .severity = Severity::warning,
      .title = "A folder has the name of the boot partition's volume label",
      .why = "U-Boot and Linux read it; the GPU firmware does not find it.",
      .story = "Harmless as long as config.txt names nothing in it, see label-hides-folder.",
      .source = "raspberrypi/firmware #1529"},
     label_is_a_folder},
    {{.id = "firmware-too-old",
      .rule = "F3c",
      .severity = Severity::warning,
      .title = "The GPU firmware is older than some boards",
      .why = "Such a board stops with \"start4.elf: is not compatible. This board requires newer software\".",
      .story = "start4.elf has to know the board's memory and power chips. It says when it was built "
               "(VC_BUILD_ID_TIME), and older firmware "
               "than a board cannot know it: the 8 GB board came on 2020-05-28, the Compute Module 4 on 2020-10-19, "
               "the Raspberry Pi 400 "
               "on 2020-11-02; on rev 1.5 of the Raspberry Pi 4 B firmware up to the beginning of 2021 was seen to "
               "fail. The first 1, "
               "2 and 4 GB boards start with any. The message is on HDMI and on the serial line of the EEPROM's boot "
               "loader "
               "(BOOT_UART=1).",
      .source = "raspberrypi/firmware #1730; motioneyeos #2925; ethereumonarm #28; infix #1314; Raspberry Pi's "
                "announcements"},
     too_old},
    {{.id = "armstub-missing",
      .rule = "F5",
      .severity = Severity::error,
      .title = "config.txt names an armstub that is not there",
      .why = "The firmware starts without it, and then a stub that somebody wanted is missing.",
      .story = "armstub= replaces the stub that brings the cores into EL2, for example by TF-A. It also "
               "reserves low memory, see load-over-armstub.",
      .source = "Raspberry Pi documentation, config.txt armstub"},
     armstub_missing},
    {{.id = "config-overlay-missing",
      .rule = "F6",
      .severity = Severity::warning,
      .title = "config.txt asks for an overlay that is not there",
      .why = "The firmware skips it silently.",
      .story = "dtoverlay=NAME needs overlays/NAME.dtbo (or an alias in overlay_map.dtb) on the boot partition.",
      .source = "Raspberry Pi documentation, device trees and overlays"},
     overlay_missing},
    {{.id = "config-overlay-not-applied",
      .rule = "F6b",
      .severity = Severity::warning,
      .title = "The firmware cannot apply an overlay of config.txt",
      .why = "It leaves the overlay out and goes on; what it was to change stays as it is.",
      .story = "dtoverlay= is applied to the device tree of the boot partition. An overlay that names nodes by label "
               "needs /__symbols__ in it (dtc -@), and one for the kernel of raspberrypi/linux may name nodes that "
               "another kernel's tree does not have. `vcdbg log msg` shows it as \"dterror\". Parameters behind the "
               "name are not looked at here.",
      .source = "Raspberry Pi documentation, device trees and overlays"},
     overlay_not_applied},
    {{.id = "config-include-missing",
      .rule = "F6a",
      .severity = Severity::warning,
      .title = "config.txt includes a file that is not there",
      .why = "The firmware skips it silently.",
      .story = "include is read by start4.elf, not by the boot loader in the EEPROM: what that one needs has "
               "to stand in config.txt itself.",
      .source = "Raspberry Pi documentation, config.txt include"},
     include_missing},
    {{.id = "uart-off-under-uboot",
      .rule = "F7c",
      .severity = Severity::error,
      .title = "U-Boot is started without enable_uart=1",
      .why = "Its console is the mini UART, which then has no clock: U-Boot hangs before its first line.",
      .story = "\"enable_uart=1 is required for U-Boot to operate correctly, even if you only care about the "
               "HDMI/usbkbd console\", says U-Boot's own configuration of the board. Without the line a Raspberry Pi 4 "
               "has 0, because its header carries the mini UART; with dtoverlay=disable-bt or miniuart-bt it carries "
               "the PL011 and the default is 1. What one sees is the rainbow picture, or nothing. Not to be seen in "
               "QEMU, which has no firmware.",
      .source = "u-boot arch/arm/mach-bcm283x/Kconfig TARGET_RPI_4; meta-raspberrypi #732, #1189"},
     uart_off_under_uboot},
    {{.id = "uart-not-enabled",
      .rule = "F7",
      .severity = Severity::warning,
      .title = "config.txt does not enable the serial port",
      .why = "The mini UART's speed follows the core clock, which only enable_uart=1 holds still.",
      .story = "Without it the console is garbled or silent. A card that cannot speak is hard to mend.",
      .source = "Raspberry Pi documentation, config.txt enable_uart"},
     uart_off},
};

}  // namespace

std::span<const Rule> firmware_rules() {
    return rules;
}

}  // namespace rpixen
