#include "boot/plan_boot.hpp"

#include <algorithm>

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"
#include "devicetree/dtc.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using test::bytes_of;
using test::find_file;
using test::ids_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

DeviceTree card_tree(const BootPlan& plan) {
    return DeviceTree::parse(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), "card");
}

std::uint64_t address(const BootPlan& plan, std::string_view name) {
    const auto region = std::ranges::find(plan.memory.regions, name, &MemoryRegion::name);
    if (region == plan.memory.regions.end()) throw std::runtime_error("no region " + std::string(name));
    return region->range.begin;
}

template <typename Plan>
Error refusal(Plan plan) {
    try {
        plan();
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error("not refused");
}

TEST(PlanBoot, KeepsTheOriginalAddresses) {
    const BootPlan plan = BootInputs().plan();
    EXPECT_EQ(address(plan, "xen"), 0x200000U);
    EXPECT_EQ(address(plan, "dom0 kernel"), 0x480000U);
    EXPECT_EQ(address(plan, "device tree"), 0x2600000U);
    for (const MemoryRegion& region : plan.memory.regions) EXPECT_EQ(region.moved_by, "") << region.name;
    // sync_console and bootscrub=0 are the original's.
    EXPECT_THAT(ids_of(test::diagnostics_of(plan)), ElementsAre("debug-settings"));
}

TEST(PlanBoot, NamesTheFilesOfTheBootPartition) {
    BootInputs inputs;
    inputs.set_initrd(5 * MiB);

    inputs.artifacts.modules[ModuleKind::xsm_policy].content = test::hollow(3000);
    inputs.artifacts.firmware.push_back({"Config.TXT", test::hollow(10)});
    inputs.artifacts.firmware.push_back({"overlays/dwc2.dtbo", test::hollow(10)});
    const BootPlan plan = inputs.plan();
    std::vector<std::string> paths;
    for (const BootFile& file : plan.files) paths.push_back(file.path);
    EXPECT_THAT(paths, ElementsAre("Image", "bcm2711-rpi-4-b.dtb", "boot.scr", "config.txt", "fixup4.dat", "initrd.img",
                                   "overlays/dwc2.dtbo", "overlays/pi4-64-xen.dtbo", "start4.elf", "u-boot.bin",
                                   "xen-raspberrypi4-64", "xenpolicy"));
}

TEST(PlanBoot, WritesModulesWithTheirRealPlaceAndExactSize) {
    BootInputs inputs(32956352);
    inputs.set_initrd(5 * MiB + 123);
    const BootPlan plan = inputs.plan();
    const test::TemporaryFolder folder;
    const std::string file = folder.write("card.dtb", as_text(bytes_of(plan, "bcm2711-rpi-4-b.dtb")));
    EXPECT_EQ(test::run_ok({"fdtget", "-t", "x", file, "/chosen/dom0", "reg"}), "480000 1f6dfc0\n");
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/dom0", "compatible"}), "xen,linux-zimage xen,multiboot-module\n");
    char reg[64];
    std::snprintf(reg, sizeof reg, "%llx %llx\n", static_cast<unsigned long long>(address(plan, "initrd")),
                  5ULL * MiB + 123);
    EXPECT_EQ(test::run_ok({"fdtget", "-t", "x", file, "/chosen/ramdisk", "reg"}), reg);
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/ramdisk", "compatible"}),
              "xen,linux-initrd xen,multiboot-module\n");
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen", "xen,xen-bootargs"}),
              "console=dtuart dtuart=/soc/serial@7e215040 sync_console bootscrub=0 dom0_mem=512M\n");
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen", "bootargs"}), inputs.manifest.bootargs + "\n");
    EXPECT_FALSE(card_tree(plan).property("/chosen", "xen,dom0-bootargs"));
    EXPECT_EQ(card_tree(plan).string("/scb/pcie@7d500000", "device_type"), "pci");
}

TEST(PlanBoot, ScriptAndTreeAgree) {
    for (const ScriptFlavour flavour : {ScriptFlavour::checked, ScriptFlavour::classic}) {
        BootInputs inputs(50 * MiB);
        inputs.manifest.script = flavour;
        inputs.set_initrd(20 * MiB);
        inputs.manifest.addresses = {{"xen", 0x400000}, {"kernel", 0x1000000}};
        const BootPlan plan = inputs.plan();
        EXPECT_THAT(plan.script, HasSubstr(" 0x1000000 Image"));
        EXPECT_THAT(plan.script, HasSubstr("booti 0x400000 - "));
        EXPECT_THAT(plan.script, HasSubstr(format_address(address(plan, "initrd")) + " initrd.img"));
        EXPECT_THAT(card_tree(plan).cells("/chosen/dom0", "reg"), ElementsAre(0x1000000U, 50U * MiB));
    }
}

TEST(PlanBoot, WrapsTheScriptAsMkimageDoes) {
    const BootPlan plan = BootInputs().plan();
    const test::TemporaryFolder folder;
    const std::string script = folder.write("boot.scr", as_text(bytes_of(plan, "boot.scr")));
    EXPECT_THAT(test::run_ok({"dumpimage", "-l", script}), HasSubstr("AArch64 Linux Script"));
    test::run_ok({"dumpimage", "-T", "script", "-p", "0", "-o", folder / "text", script});
    // An image of type script keeps its table of lengths: the length, big endian, and a zero.
    EXPECT_EQ(test::read_file(folder / "text").substr(8), plan.script);
}

TEST(PlanBoot, LeavesInputsByteForByteWhereItCan) {
    BootInputs inputs;
    inputs.manifest.apply_overlays = OverlayMoment::boot;
    const BootPlan plan = inputs.plan();
    EXPECT_EQ(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), read_all(inputs.artifacts.dtbs.front().content));
    EXPECT_EQ(find_file(plan, "Image")->content.source, inputs.artifacts.kernel.content.source);
}

TEST(PlanBoot, LeavesPinnedAddressesThatCollideToTheJudge) {
    BootInputs inputs;
    inputs.manifest.addresses = {{"xen", 0x200000}, {"kernel", 0x280000}, {"dtb", 0x281000}};
    const BootPlan plan = inputs.plan();
    EXPECT_EQ(plan.memory.findings.size(), 3U);
    EXPECT_EQ(plan.memory.findings.front().message, "dom0 kernel is pinned over xen");
    EXPECT_THAT(ids_of(test::diagnostics_of(plan)), ::testing::IsSupersetOf({"xen-reaches-next", "memory-overlap"}));
}

TEST(PlanBoot, KeepsATooSmallRegWhereThatIsAllowed) {
    const BootInputs inputs(20 * MiB);
    EXPECT_THAT(card_tree(inputs.plan({"dom0-reg-too-small"})).cells("/chosen/dom0", "reg"),
                ElementsAre(0x480000U, 0xf80000U));
    EXPECT_THAT(ids_of(test::diagnostics_of(inputs.plan({"dom0-reg-too-small"}))),
                ::testing::Contains("dom0-reg-too-small"));
}

TEST(PlanBoot, RefusesTreesAndOverlaysInEachOthersPlace) {
    BootInputs tree_as_overlay;
    tree_as_overlay.set_overlays({{"board", test::old_board}});
    EXPECT_EQ(refusal([&] { tree_as_overlay.plan(); }).code(), ErrorCode::unfit);
    BootInputs overlay_as_tree;
    overlay_as_tree.set_tree("/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { a; }; }; };");
    EXPECT_EQ(refusal([&] { overlay_as_tree.plan(); }).code(), ErrorCode::artifact);
}

TEST(PlanBoot, IsTheSameEachTime) {
    const BootInputs inputs;
    const BootPlan first = inputs.plan();
    const BootPlan second = inputs.plan();
    ASSERT_EQ(first.files.size(), second.files.size());
    for (const BootFile& file : first.files)
        EXPECT_EQ(read_all(file.content), bytes_of(second, file.path)) << file.path;
}

}  // namespace
}  // namespace rpixen
