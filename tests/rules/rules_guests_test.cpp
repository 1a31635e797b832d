#include <set>

#include <gmock/gmock.h>

#include "rules/broken_scenarios.hpp"
#include "rules/findings.hpp"
#include "rules/good_scenario.hpp"

namespace rpixen::test {
namespace {

using Ids = std::set<std::string>;

TEST(GuestRules, AGuestBesideDom0IsNoFault) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    scenario.guest_modules[0].reg_size += 4096;  // a raw kernel may have room behind it
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    scenario.guest_modules[0].image = ImageKind::gzip;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-module-reg-wrong-size"});
}

TEST(GuestRules, AGuestOfXlIsNoFault) {
    BootScenario scenario = good_scenario();
    add_xl_guest(scenario);
    EXPECT_EQ(judge(scenario).size(), judge(good_scenario()).size());
}

TEST(GuestRules, GuestsOfXlGetWhatThoseOfXenLeave) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    tree(scenario).guests[0].memory = 7 * GiB;
    add_xl_guest(scenario).memory = 300 * MiB;
    EXPECT_EQ(ids(judge(scenario)), (Ids{"guest-memory-excludes-boards", "xl-guest-memory-impossible"}));
    tree(scenario).guests[0].memory = 5 * GiB;
    EXPECT_EQ(ids(judge(scenario)), (Ids{"guest-memory-excludes-boards"}));
}

TEST(GuestRules, AGuestWithItsOwnAddressesMayHaveADevice) {
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

TEST(GuestRules, StaticMemoryIsNoFault) {
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

TEST(GuestRules, StaticMemoryIsHeldToTheCellsAndPages) {
    BootScenario scenario = good_scenario();
    GuestFacts& guest = add_static_guest(scenario);
    guest.static_ranges = {{0x30000800, 0x38000800}};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-static-memory-wrong"});
    guest.static_ranges.clear();
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-static-memory-wrong"});
}

TEST(GuestRules, StaticMemoryIsTakenByItsOwnersAlone) {
    BootScenario scenario = good_scenario();
    const GuestFacts first = add_static_guest(scenario);
    tree(scenario).guests.push_back(first);
    tree(scenario).guests[1].path = "/chosen/domU2";
    EXPECT_EQ(ids(judge(scenario)), (Ids{"guest-kernel-missing", "guest-static-memory-taken"}));
    // Grants of a guest that is mapped one to one are at 0x38000000 all the same.
    scenario = good_scenario();
    GuestFacts& guest = add_static_guest(scenario);
    guest.static_ranges = {{0x32000000, 0x3a000000}};
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
    guest.enhanced = true;
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{"guest-static-memory-taken"});
}

TEST(GuestRules, StaticMemoryIsMissedByDom0) {
    BootScenario scenario = good_scenario();
    *scenario.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040 dom0_mem=7600M";
    const auto before = ids(judge(scenario));
    EXPECT_EQ(before, (Ids{"dom0-mem-excludes-boards"}));
    GuestFacts& guest = add_static_guest(scenario);
    guest.memory = 1 * GiB;
    guest.static_ranges = {{0x80000000, 0xc0000000}};
    EXPECT_EQ(ids(judge(scenario)), (Ids{"dom0-mem-impossible", "guest-static-memory-excludes-boards"}));
}

TEST(GuestRules, GuestsWithoutDom0AreNoFault) {
    BootScenario scenario = good_scenario();
    add_guest(scenario);
    remove_dom0(scenario);
    EXPECT_EQ(ids(judge(scenario)), std::set<std::string>{});
}

TEST(GuestRules, ASharedModuleIsDom0sWhereItsNodeStandsFirst) {
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

}  // namespace
}  // namespace rpixen::test
