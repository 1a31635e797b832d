#include "rules/diagnostics_table.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <rpixen/diagnostic.hpp>

namespace rpixen {
namespace {

struct Chapter {
    char letter;
    const char* title;
};
constexpr Chapter chapters[] = {
    {'X', "Xen"},
    {'K', "dom0's kernel"},
    {'A', "Placement in memory"},
    {'D', "Device tree and overlays"},
    {'M', "Xen's command line and dom0's memory"},
    {'U', "U-Boot, its script and environment"},
    {'E', "EFI programs: GRUB and xen.efi"},
    {'F', "Firmware, config.txt and the FAT"},
    {'P', "Disk and root file system"},
    {'G', "Guests: of Xen (dom0less) and of xl"},
};

struct Struck {
    const char* rule;
    const char* text;
    const char* reason;
};
constexpr Struck struck[] = {
    {"A3", "dom0's kernel must not reach U-Boot's scriptaddr or fdt_addr_r",
     "`source` copies the script before it runs it (common/cli.c run_command_list, in v2020.07 as in "
     "v2026.10), so overwriting scriptaddr harms nothing. A device tree that is really hit is a "
     "memory-overlap. "
     "The windows are still drawn in the memory map."},
    {"A4", "The addresses of the Raspberry Pi environment differ between releases",
     "A fact, no rule: the planner and the script's evaluator read them out of the given u-boot.bin."},
    {"A5", "Nothing above bootm_size (512 MiB) since v2025.07",
     "bootm_size bounds where booti moves the device tree to (boot/image-fdt.c boot_relocate_fdt), not where "
     "it is read from; modules are not moved at all. The planner keeps the place that the tree is moved to "
     "free."},
    {"A7", "Anything below 0x80000 is refused",
     "Only the first page is reserved there (the spin table); overlays at 0x18000 have always loaded. The "
     "rule load-over-uboot has what is really reserved."},
    {"F1", "Nothing behind the 80th character counts", "98 today; meta-raspberrypi's 80 is its own caution."},
    {"F3", "start4.elf and fixup4.dat are of the same release",
     "fixup4.dat carries no release, so a host cannot compare them. That both are there is checked."},
    {"F4", "bootcode.bin is not needed", "True, and harmless where it is there."},
    {"F7a", "The FAT's clusters are larger than U-Boot's 64 KiB",
     "On a card's sectors of 512 bytes FAT can describe no larger cluster than 128 sectors, which is that "
     "limit."},
    {"F7b", "A file on the FAT has 4 GiB or more",
     "The size field has 32 bits, so no FAT holds such a file and no card can raise the rule; `compose` "
     "refuses the "
     "file before it writes."},
    {"M1", "dom0_mem is mandatory (error)",
     "A warning: Xen takes 512 MiB and says so (xen/arch/arm/domain_build.c construct_hwdom, in 4.17 as "
     "today)."},
    {"P3", "A logical partition without an extended one",
     "Cannot be seen in an image: parted refuses to make it. partitions-overlap has the number instead."},
    {"U5", "Steps joined with `;` (error)",
     "A warning: such a script boots when nothing fails, and the files that would make it fail are checked "
     "by themselves."},
    {"U6", "A device written out (error)",
     "A warning: mmc 0 is the card in U-Boot 2023.01 and 2025.01, as seen in the emulator; other releases "
     "and boot devices differ."},
    {"D4", "`fdt apply` to the only copy of the tree (error)",
     "A warning, and only where it is not proven on the host that the overlay applies."},
};

/// "K2" before "K10", "D1" before "D1a".
bool by_number(const DiagnosticRule& a, const DiagnosticRule& b) {
    const auto parts = [](std::string_view rule) {
        int number = 0;
        const auto end = std::from_chars(rule.data() + 1, rule.data() + rule.size(), number).ptr;
        return std::pair(number, std::string_view(end, static_cast<std::size_t>(rule.data() + rule.size() - end)));
    };
    return parts(a.rule) < parts(b.rule);
}

std::string cell(std::string_view text) {
    std::string safe;
    for (const char letter : text) safe += letter == '|' ? std::string("\\|") : std::string(1, letter);
    return safe;
}

std::vector<DiagnosticRule> rules_of(char letter) {
    std::vector<DiagnosticRule> rules;
    for (const DiagnosticRule& rule : diagnostic_rules())
        if (rule.rule.front() == letter) rules.push_back(rule);
    std::sort(rules.begin(), rules.end(), by_number);
    return rules;
}

}  // namespace

std::string diagnostics_table() {
    std::string text =
        "# Diagnostics\n\n"
        "What `compose`, `plan` and `check` look for, and what `explain ID` tells. An error stops `compose`, "
        "unless `--allow ID` is given; `--deny ID` makes any of them stop it.\n"
        "The numbers are those of the facts that the rules were written from. This file is made from the "
        "code:\n"
        "`RPIXEN_ACCEPT=1 test_rules --gtest_filter='DiagnosticsTable.*'` writes it anew.\n";
    for (const Chapter& chapter : chapters) {
        text += std::string("\n## ") + chapter.title +
                "\n\n| id | | what | why it matters | rule |\n|---|---|---|---|---|\n";
        for (const DiagnosticRule& rule : rules_of(chapter.letter))
            text += "| [" + std::string(rule.id) + "](#" + std::string(rule.id) + ") | " + name_of(rule.severity) +
                    " | " + cell(rule.title) + " | " + cell(rule.why) + " | " + std::string(rule.rule) + " |\n";
    }
    text += "\n# The stories\n";
    for (const Chapter& chapter : chapters)
        for (const DiagnosticRule& rule : rules_of(chapter.letter))
            text += "\n### " + std::string(rule.id) + "\n\n" + std::string(rule.title) + " (" + name_of(rule.severity) +
                    "). " + std::string(rule.why) + "\n\n" + std::string(rule.story) +
                    "\n\nSource: " + std::string(rule.source) + "\n";
    text += "\n# Rules that were struck or made milder\n\n| rule | said | why not |\n|---|---|---|\n";
    for (const Struck& rule : struck)
        text += std::string("| ") + rule.rule + " | " + cell(rule.text) + " | " + cell(rule.reason) + " |\n";
    return text;
}

}  // namespace rpixen
