#include <algorithm>

#include "rules/rules.hpp"

// Chapter 6, second half: U-Boot itself and its environment.

namespace rpixen {
namespace {

/// Year and month as one number, 0 where the version is not known.
int version(const BootScenario& scenario) {
    return scenario.uboot && scenario.uboot->year > 0 ? scenario.uboot->year * 100 + scenario.uboot->month : 0;
}

const SavedEnvironmentFacts* saved(const BootScenario& scenario) {
    return scenario.saved_environment && scenario.saved_environment->crc_right ? &*scenario.saved_environment : nullptr;
}

Findings fdt_addr_stale(const BootScenario& scenario) {
    const SavedEnvironmentFacts* environment = saved(scenario);
    if (!environment || !environment->variables.contains("fdt_addr")) return {};
    if (version(scenario) >= 202507) return {};
    return {{environment->file + " holds a saved fdt_addr", "fdt_addr=" + environment->variables.at("fdt_addr"),
             "no fdt_addr: the firmware tells U-Boot where its tree is",
             "remove the variable from " + environment->file + ", or use U-Boot v2025.07 or newer"}};
}

Findings board_identity(const BootScenario& scenario) {
    const SavedEnvironmentFacts* environment = saved(scenario);
    if (!environment) return {};
    std::vector<std::string> found;
    for (const char* key : {"ethaddr", "serial#", "usbethaddr", "board_revision", "board_rev"})
        if (environment->variables.contains(key))
            found.push_back(std::string(key) + "=" + environment->variables.at(key));
    if (environment->variables.contains("fdt_addr") && version(scenario) >= 202507)
        found.push_back("fdt_addr=" + environment->variables.at("fdt_addr"));
    if (found.empty()) return {};
    return {{environment->file + " holds what belongs to one board", describe_list(found), "none of these variables",
             "remove them from " + environment->file}};
}

Findings over_control_tree(const BootScenario& scenario) {
    if (!scenario.script || !scenario.script->loads_tree_to_fdt_addr || version(scenario) < 202601) return {};
    return {{"the script loads the device tree over U-Boot's own", "a load to ${fdt_addr}, " + scenario.uboot->banner,
             "${fdt_addr_r}", "load to ${fdt_addr_r}, or `fdt move ${fdt_addr} ${fdt_addr_r} <length>`"}};
}

Findings lacks_command(const BootScenario& scenario) {
    if (!scenario.uboot) return {};
    const UBootFacts& uboot = *scenario.uboot;
    std::vector<std::string> missing;
    if (!uboot.booti.value_or(true)) missing.emplace_back("booti (CONFIG_CMD_BOOTI)");
    const bool needs_script = scenario.script && scenario.script->file.find("boot.scr") != std::string::npos;
    if (needs_script && !uboot.legacy_image.value_or(true))
        missing.emplace_back("legacy script images (CONFIG_LEGACY_IMAGE_FORMAT)");
    const bool applies = std::any_of(scenario.overlays.begin(), scenario.overlays.end(),
                                     [](const OverlayFacts& overlay) { return overlay.at_boot; });
    if (applies && !uboot.fdt_overlay.value_or(true)) missing.emplace_back("fdt apply (CONFIG_OF_LIBFDT_OVERLAY)");
    if (missing.empty()) return {};
    return {{uboot.file + " lacks what the boot needs", "without " + describe_list(missing),
             "a U-Boot with all of them", "build U-Boot from rpi_4_defconfig with these options"}};
}

Findings relocation_off(const BootScenario& scenario) {
    const int built = version(scenario);
    if (built < 202507) return {};
    const SavedEnvironmentFacts* environment = saved(scenario);
    if (!environment || !environment->variables.contains("fdt_high")) return {};
    const std::string& value = environment->variables.at("fdt_high");
    const std::string digits = value.substr(value.find_first_of("fF") == std::string::npos ? 0
                                                                                           : value.find_first_of("fF"));
    if (digits.empty() || digits.find_first_not_of("fF") != std::string::npos) return {};
    return {{"fdt_high forbids U-Boot to move the device tree", "fdt_high=" + value, "no fdt_high",
             "remove it from " + environment->file}};
}

Findings environment_size(const BootScenario& scenario) {
    constexpr std::uint64_t expected = 0x4000;  // CONFIG_ENV_SIZE of rpi_4_defconfig
    if (!scenario.saved_environment || scenario.saved_environment->size == expected) return {};
    return {{scenario.saved_environment->file + " has not the size that U-Boot reads",
             describe_size(scenario.saved_environment->size), describe_size(expected),
             "make it with mkenvimage -s 0x4000"}};
}

Findings environment_crc(const BootScenario& scenario) {
    if (!scenario.saved_environment || scenario.saved_environment->crc_right) return {};
    return {{scenario.saved_environment->file + " is damaged", "a wrong CRC32 in its first four bytes",
             "the CRC32 of the rest", "make it anew with mkenvimage"}};
}

Findings wrong_machine(const BootScenario& scenario) {
    if (!scenario.uboot || scenario.uboot->arm64.value_or(true)) return {};
    return {{scenario.uboot->file + " is not built for 64 bits", "no AArch64 code at its start",
             "a build of rpi_4_defconfig or rpi_arm64_defconfig", "use such a build"}};
}

constexpr Rule rules[] = {
    {{.id = "fdt-addr-stale",
      .rule = "U1",
      .severity = Severity::error,
      .title = "A saved fdt_addr hides the firmware's device tree",
      .why = "Up to v2025.04 the saved value wins over the firmware's, which differs from board to board.",
      .story = "U-Boot puts the place of the firmware's tree into fdt_addr, but what uboot.env holds comes "
               "after it. With another memory size or firmware the tree is elsewhere, and "
               "`fdt addr ${fdt_addr}` fails with FDT_ERR_BADMAGIC. meta-virt-rpi ships a uboot.env with "
               "fdt_addr=2eff5a00. Fixed in v2025.07 (564d99d0723).",
      .source = "meta-raspberrypi #1041, meta-mender #828; u-boot board/raspberrypi/rpi/rpi.c"},
     fdt_addr_stale},
    {{.id = "saved-board-identity",
      .rule = "U1a",
      .severity = Severity::warning,
      .title = "uboot.env holds what belongs to one board",
      .why = "Every card made from this image has the same Ethernet address or serial number.",
      .story = "ethaddr and serial# were saved on the developer's board. Two boards with one Ethernet "
               "address do not share a network.",
      .source = "meta-virt-rpi uboot.env"},
     board_identity},
    {{.id = "tree-over-uboots-own",
      .rule = "U2",
      .severity = Severity::error,
      .title = "The script loads the device tree over U-Boot's own",
      .why = "Since v2026.01 fdt_addr is U-Boot's own tree in a region that must not be overwritten, so the "
             "load is refused.",
      .story = "15c719174cf made fdt_addr the relocated control tree, reserved with LMB_NOOVERWRITE. `fatload mmc "
               "0:1 ${fdt_addr} ...`, the way of the original boot_xen, ends in \"Reading file would "
               "overwrite reserved memory\". Growing that tree in place runs into U-Boot's data.",
      .source = "u-boot board/raspberrypi/rpi/rpi.c; mender-image PR 509"},
     over_control_tree},
    {{.id = "uboot-lacks-command",
      .rule = "U4",
      .severity = Severity::error,
      .title = "This U-Boot lacks a command that the boot needs",
      .why = "The script stops at \"Unknown command\", or boot.scr is not read at all.",
      .story = "The strings that the commands print are looked for in u-boot.bin: \"Bad Linux ARM64 Image "
               "magic!\" for booti, \"failed on fdt_overlay_apply()\" for fdt apply, and the legacy image's.",
      .source = "u-boot cmd/booti.c, cmd/fdt.c, boot/image-legacy.c"},
     lacks_command},
    {{.id = "fdt-high-set",
      .rule = "U9",
      .severity = Severity::warning,
      .title = "fdt_high forbids U-Boot to move the device tree",
      .why = "The tree stays where it was loaded, aligned or not, with whatever is behind it.",
      .story = "fdt_high=~0 was in the default environment up to v2025.04, was dropped in v2025.07 and is "
               "warned about since v2026.04 (9235da9446e). A saved environment brings it back.",
      .source = "u-boot boot/image-fdt.c boot_relocate_fdt"},
     relocation_off},
    {{.id = "saved-environment-size",
      .rule = "U10",
      .severity = Severity::warning,
      .title = "uboot.env has the wrong size",
      .why = "U-Boot reads 0x4000 bytes and checks the CRC over exactly those, so it uses its default "
             "environment.",
      .story = "The environment on FAT is a file of CONFIG_ENV_SIZE bytes, 0x4000 for the Raspberry Pi, with "
               "a CRC32 in front.",
      .source = "u-boot env/fat.c, configs/rpi_4_defconfig"},
     environment_size},
    {{.id = "saved-environment-damaged",
      .rule = "U10a",
      .severity = Severity::warning,
      .title = "uboot.env is damaged",
      .why = "U-Boot prints \"bad CRC, using default environment\", and nothing in the file counts.",
      .story = "Editing the file with a text editor does that.",
      .source = "u-boot env/common.c env_import"},
     environment_crc},
    {{.id = "uboot-not-64-bit",
      .rule = "U12",
      .severity = Severity::error,
      .title = "U-Boot is not built for 64 bits",
      .why = "The firmware starts it in AArch64, and Xen needs to be started there.",
      .story = "rpi_4_32b_defconfig makes a 32-bit U-Boot, whose booti does not exist.",
      .source = "u-boot configs/rpi_4_32b_defconfig"},
     wrong_machine},
};

}  // namespace

std::span<const Rule> uboot_rules() {
    return rules;
}

}  // namespace rpixen
