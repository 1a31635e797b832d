#include <algorithm>

#include "rules/rules.hpp"

// What an EFI boot loader of the card starts: GRUB with xen_hypervisor and xen_module, or xen.efi with its .cfg.

namespace rpixen {
namespace {

const EfiFacts* efi(const BootScenario& scenario) {
    return scenario.efi ? &*scenario.efi : nullptr;
}

Findings program_missing(const BootScenario& scenario) {
    const EfiFacts* facts = efi(scenario);
    if (!facts || !facts->program.empty()) return {};
    return {{"the UEFI firmware finds nothing to start", "no EFI/BOOT/BOOTAA64.EFI on any partition",
             "EFI/BOOT/BOOTAA64.EFI: GRUB, or xen.efi", "put the program there"}};
}

Findings file_missing(const BootScenario& scenario) {
    const EfiFacts* facts = efi(scenario);
    if (!facts || facts->missing.empty()) return {};
    return {{"the EFI boot loader is told to load what is not there", describe_list(facts->missing),
             "files of the card",
             "put the file there, or mend its name in " +
                 (facts->config.empty() ? std::string("the configuration") : facts->config)}};
}

Findings starts_linux(const BootScenario& scenario) {
    const EfiFacts* facts = efi(scenario);
    if (!facts || facts->bare_linux.empty() || !facts->other_with_xen.empty()) return {};
    return {{"the EFI boot loader starts Linux, and Xen is never started",
             (facts->config.empty() ? facts->program : facts->config) + " starts Linux " + facts->bare_linux,
             "xen_hypervisor and xen_module in grub.cfg, or xen.efi with its .cfg",
             "add an entry that starts Xen and make it the default"}};
}

Findings menu_without_xen(const BootScenario& scenario) {
    const EfiFacts* facts = efi(scenario);
    if (!facts || facts->bare_linux.empty() || facts->other_with_xen.empty()) return {};
    return {{"the entry of the menu that is started by itself is Linux without Xen",
             "\"" + facts->entry + "\" of " + facts->config + "; \"" + facts->other_with_xen + "\" has Xen",
             "an entry with Xen as the default", "set default= to \"" + facts->other_with_xen + "\""}};
}

constexpr Rule rules[] = {
    {{.id = "efi-program-missing",
      .rule = "E1",
      .severity = Severity::error,
      .title = "The UEFI firmware finds nothing to start",
      .why = "It stays in its own menu, or tries the network.",
      .story = "armstub=RPI_EFI.fd makes the GPU firmware start EDK2. That looks for EFI/BOOT/BOOTAA64.EFI on the "
               "card's FAT file systems, unless boot entries were stored.",
      .source = "UEFI specification 2.10, 3.5.1.1; pftf/RPi4"},
     program_missing},
    {{.id = "efi-file-missing",
      .rule = "E2",
      .severity = Severity::error,
      .title = "An EFI boot loader is told to load a file that is not there",
      .why = "GRUB stops with \"file not found\", xen.efi with \"Unable to load\".",
      .story = "In grub.cfg the paths of xen_hypervisor, xen_module and devicetree are seen from $root, which `search` "
               "sets; in the .cfg of xen.efi those of kernel, ramdisk and dtb from the program's own folder.",
      .source = "grub-core/loader/arm64/xen_boot.c; xen docs/misc/efi.pandoc"},
     file_missing},
    {{.id = "efi-starts-linux",
      .rule = "E3",
      .severity = Severity::error,
      .title = "An EFI boot loader starts Linux without Xen",
      .why = "Linux comes up on the bare board, and there is no Xen under it.",
      .story = "No entry of the menu starts Xen, or the program is Linux itself.",
      .source = "grub docs/grub.texi; grub-core/loader/arm64/xen_boot.c"},
     starts_linux},
    {{.id = "efi-menu-without-xen",
      .rule = "E3a",
      .severity = Severity::warning,
      .title = "The default entry of GRUB's menu starts Linux without Xen",
      .why = "Xen is only started where somebody chooses it.",
      .story = "grub-mkconfig writes the entries of 10_linux before those of 20_linux_xen. Debian renames the second "
               "one to 08_linux_xen for that, or GRUB_DEFAULT names the entry.",
      .source = "grub util/grub.d/20_linux_xen.in"},
     menu_without_xen},
};

}  // namespace

std::span<const Rule> efi_rules() {
    return rules;
}

}  // namespace rpixen
