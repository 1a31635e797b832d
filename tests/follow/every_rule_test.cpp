#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "follow/card_changes.hpp"
#include "rules/findings.hpp"

// Every rule, raised by files as they stand on a card: a rule that only a made-up scenario breaks would never
// be heard of. The rules about the disk itself need whole images and are in check_card_test.cpp.

namespace rpixen::test {
namespace {

/// Those that speak of the disk: provoked with whole images in check_card_test.cpp (CheckChangedDisk).
const std::set<std::string> of_the_disk{
    "fat-larger-than-partition",
    "ext4-larger-than-partition",
    "ext4-smaller-than-partition",
    "partitions-overlap",
    "partition-beyond-image",
    "boot-partition-missing",
    "boot-partition-unusual",
    "fat32-too-few-clusters",
    "fat-last-cluster",
    "fat-name-clash",
    "image-damaged",
};

/// What a change makes other rules find besides.
const std::map<std::string, std::set<std::string>> company{
    {"bootargs-astray", {"dom0-mem-missing", "root-not-found", "xen-console-missing"}},
    {"booti-without-tree", {"script-fixed-device"}},
    {"booti-without-xen", {"bootargs-astray", "dom0-module-missing", "script-fixed-device"}},
    {"bootm-raw-image", {"bootargs-astray", "dom0-module-missing", "script-fixed-device"}},
    {"config-missing", {"config-kernel-missing"}},
    {"dtb-invalid", {"script-never-boots"}},
    {"dtb-is-an-overlay", {"overlay-spoils-tree", "overlay-target-missing", "script-never-boots"}},
    {"dtb-of-another-board", {"dtb-loses-firmware-edits"}},
    {"efi-file-missing", {"dom0-mem-missing", "dom0-module-missing", "xen-console-missing"}},
    {"extlinux-before-script",
     {"bootargs-astray", "booti-without-xen", "dom0-module-missing", "extlinux-without-dom0"}},
    {"extlinux-without-dom0", {"bootargs-astray", "dom0-module-missing"}},
    {"guest-xenstore-with-static-memory", {"guest-xenstore-not-started"}},
    {"kernel-too-old-for-xen-dma", {"modules-do-not-match-kernel"}},
    {"module-reg-misread", {"module-not-loaded"}},
    {"overlay-is-none", {"overlay-spoils-tree", "script-never-boots"}},
    {"overlay-needs-symbols", {"overlay-spoils-tree", "script-never-boots"}},
    {"overlay-no-room", {"overlay-spoils-tree", "script-never-boots"}},
    {"overlay-not-applicable", {"overlay-spoils-tree", "script-never-boots"}},
    {"overlay-room-by-luck", {"script-fixed-device"}},
    {"overlay-spoils-tree", {"overlay-target-missing", "script-never-boots"}},
    {"overlay-target-missing", {"overlay-spoils-tree", "script-never-boots"}},
    {"placement-splits-low-memory", {"dom0-mem-excludes-boards"}},
    {"root-below-a-folder", {"xen-tools-missing"}},
    {"root-inside-a-file", {"xen-tools-missing"}},
    {"script-absent-device", {"script-fixed-device", "script-never-boots"}},
    {"script-fixed-device", {"booti-without-tree"}},
    {"script-missing-file", {"script-never-boots"}},
    {"script-missing-node",
     {"bootargs-astray", "booti-without-xen", "dom0-module-missing", "script-fixed-device", "script-unchecked-steps"}},
    {"script-unchecked-steps", {"bootargs-astray", "dom0-module-missing", "script-fixed-device"}},
    {"uboot-few-lmb-regions", {"dtb-loses-firmware-edits"}},
    {"xen-misaligned", {"xen-reaches-next"}},
    {"xen-stumbles-over-pcie", {"xen-too-old"}},
    {"xl-guest-memory-excludes-boards", {"xl-guest-file-missing"}},
    {"xl-guest-memory-impossible", {"xl-guest-file-missing"}},
};

TEST(EveryRule, AGuestBesideDom0RaisesNothing) {
    CardRecipe card = changeable_card();
    guest(guest_size + guest_kernel)(card);
    const Survey result = survey_of(card);
    EXPECT_EQ(ids(judge(result.scenario)), std::set<std::string>{});
    ASSERT_TRUE(result.scenario.kernel);
    EXPECT_EQ(result.scenario.kernel->file, "Image");
    EXPECT_EQ(result.scenario.guest_modules.size(), 1U);
}

// Nothing is missing where something makes it at boot, or where the C library is another one.
TEST(EveryRule, XlsNeedsAreToldFromWhatIsMadeAtBoot) {
    const std::string loader = "lib/ld-linux-aarch64.so.1";
    const std::set<std::string> none;
    const std::set<std::string> missing{"xl-runtime-missing"};
    const struct {
        std::map<std::string, std::string> files;
        std::set<std::string> found;
    } cases[] = {
        {{{"var/log/syslog", ""}}, missing},
        {{{"var/log/xen/console/x", ""}}, none},
        {{{"var/log/syslog", ""}, {"etc/init.d/xencommons", ""}}, none},
        {{{"var/log/syslog", ""}, {"usr/lib/systemd/system/xenconsoled.service", ""}}, none},
        {{{"var/log/syslog", ""}, {"etc/default/volatiles/99_xen", ""}}, none},
        {{{loader, ""}}, missing},
        {{{loader, ""}, {"lib/aarch64-linux-gnu/libgcc_s.so.1", ""}}, none},
        {{{loader, ""}, {"usr/lib/libgcc_s.so.1", ""}}, none},
        {{{"lib/ld-musl-aarch64.so.1", ""}}, none},
    };
    for (const auto& each : cases) {
        CardRecipe card = changeable_card();
        card.root.insert(each.files.begin(), each.files.end());
        EXPECT_EQ(ids(judge(survey_of(card).scenario)), each.found) << each.files.begin()->first;
    }
    CardRecipe without_xl = changeable_card();
    without_xl.root.erase("usr/sbin/xl");
    without_xl.root[loader] = "";
    EXPECT_EQ(ids(judge(survey_of(without_xl).scenario)), std::set<std::string>{"xen-tools-missing"});
}

TEST(EveryRule, FirmwareIsAsOldAsItSays) {
    const auto of = [](const std::string& date, const std::string& more = "") {
        CardRecipe card = changeable_card();
        card.boot[more.empty() ? "start4.elf" : "old.elf"] = std::string(2000, 's') + "VC_BUILD_ID_TIME: " + date +
                                                             std::string(1, '\0');
        if (!more.empty()) card.boot["config.txt"] += more + "\n";
        for (const Diagnostic& finding : judge(survey_of(card).scenario))
            if (finding.id == "firmware-too-old") return finding.found;
        return std::string();
    };
    EXPECT_EQ(of("Aug 26 2022"), "");
    EXPECT_EQ(of("Dec  1 2020"), "built on 2020-12-01, before Raspberry Pi 4 B rev 1.5");
    EXPECT_EQ(of("Oct 25 2020"), "built on 2020-10-25, before Raspberry Pi 400 and Raspberry Pi 4 B rev 1.5");
    EXPECT_TRUE(
        of("Jun 24 2019").starts_with("built on 2019-06-24, before Raspberry Pi 4 B with 8 GB, Compute Module 4"));
    EXPECT_TRUE(of("Jun 24 2019", "start_file=old.elf").starts_with("built on 2019-06-24"));
    EXPECT_EQ(of("14:03:16"), "");
    EXPECT_EQ(of("Foo 24 2019"), "");
}

TEST(EveryRule, CanBeRaisedByACard) {
    const CardRecipe card = changeable_card();
    const Survey untouched = survey_of(card);
    for (const Diagnostic& diagnostic : judge(untouched.scenario))
        ADD_FAILURE() << "the good card: " << diagnostic.id << ": " << diagnostic.found;
    std::set<std::string> raised = of_the_disk;
    for (const auto& [id, change] : card_changes()) {
        if (!change) continue;
        CardRecipe changed = card;
        change(changed);
        const Survey result = survey_of(changed);
        const auto found = ids(judge(result.scenario));
        EXPECT_EQ(found, with_company(company, id)) << "notes: " << ::testing::PrintToString(result.notes);
        raised.insert(id);
    }
    std::set<std::string> all_rules;
    for (const DiagnosticRule& rule : diagnostic_rules()) all_rules.insert(std::string(rule.id));
    EXPECT_EQ(all_rules, raised);
}

}  // namespace
}  // namespace rpixen::test
