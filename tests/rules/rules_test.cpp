#include <algorithm>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "rules/broken_scenarios.hpp"
#include "rules/findings.hpp"
#include "rules/good_scenario.hpp"

namespace rpixen::test {
namespace {

using Role = Placement::Role;

/// What a way to break the card makes other rules find besides.
const std::map<std::string, std::set<std::string>> company{
    {"dom0-bank-too-small", {"dom0-mem-excludes-boards"}},
    {"load-beyond-low-memory", {"module-not-loaded"}},
    {"load-over-uboot", {"module-not-loaded"}},
    {"overlay-no-room", {"overlay-spoils-tree"}},
    {"overlay-not-applicable", {"overlay-spoils-tree"}},
    {"placement-splits-low-memory", {"dom0-mem-excludes-boards", "module-not-loaded"}},
    {"uboot-few-lmb-regions", {"dtb-loses-firmware-edits"}},
    {"xen-stumbles-over-pcie", {"xen-too-old"}},
    {"xl-guest-backend-missing", {"kernel-lacks-root-driver", "kernel-lacks-xen-drivers"}},
};

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
    for (const auto& [id, unused] : ways_to_break()) provoked.insert(id);
    EXPECT_EQ(catalogue, provoked);
    EXPECT_EQ(catalogue.size(), diagnostic_rules().size()) << "two rules share an id";
}

TEST(Rules, EachIsFoundInACardThatBreaksIt) {
    for (const auto& [rule, break_card] : ways_to_break()) {
        const auto& id = rule;  // Clang 14 captures no structured binding
        SCOPED_TRACE(id);
        BootScenario scenario = good_scenario();
        break_card(scenario);
        const auto diagnostics = judge(scenario);
        EXPECT_EQ(ids(diagnostics), with_company(company, id));
        const auto place = std::find_if(diagnostics.begin(), diagnostics.end(),
                                        [&](const Diagnostic& diagnostic) { return diagnostic.id == id; });
        if (place == diagnostics.end()) continue;
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
}  // namespace rpixen::test
