#include <algorithm>

#include <gmock/gmock.h>

#include "board/board.hpp"
#include "boot/boot_inputs.hpp"
#include "devicetree/dtc.hpp"

// The planner in its whole width: kernels and U-Boots of ten years, both scripts, overlays merged and at
// boot.

namespace rpixen {
namespace {

using test::BootInputs;
using ::testing::HasSubstr;

struct Case {
    std::uint64_t kernel_mib;
    int year;
    int month;
    ScriptFlavour script;
    OverlayMoment overlays;
};

class EveryPlacement : public ::testing::TestWithParam<Case> {};

TEST_P(EveryPlacement, NothingOverlapsAndEveryoneAgrees) {
    const Case& given = GetParam();
    BootInputs inputs(given.kernel_mib * MiB + 512);
    inputs.set_uboot(given.year, given.month);
    inputs.set_initrd(30 * MiB);
    inputs.manifest.script = given.script;
    inputs.manifest.apply_overlays = given.overlays;
    const BootPlan plan = inputs.plan();
    const auto& regions = plan.memory.regions;
    for (std::size_t a = 0; a < regions.size(); ++a)
        for (std::size_t b = a + 1; b < regions.size(); ++b)
            EXPECT_FALSE(regions[a].kind != MemoryRegion::Kind::window &&
                         regions[b].kind != MemoryRegion::Kind::window && regions[a].range.overlaps(regions[b].range))
                << regions[a].name << ", " << regions[b].name;
    // The originals can stay in all of these cases.
    EXPECT_EQ(plan.memory.find(MemoryRole::xen)->moved_by, "");
    EXPECT_EQ(plan.memory.find(ModuleKind::kernel)->moved_by, "");
    for (const Diagnostic& diagnostic : test::diagnostics_of(plan))
        EXPECT_LT(diagnostic.severity, Severity::error) << diagnostic.id << ": " << diagnostic.found;

    const bool at_boot = given.overlays == OverlayMoment::boot;
    EXPECT_EQ(plan.script.find("fdt apply") != std::string::npos, at_boot);
    const MemoryRegion* tree = plan.memory.find(MemoryRole::tree);
    const bool fdt_addr = given.script == ScriptFlavour::classic && given.year < 2026;
    EXPECT_EQ(tree == nullptr, fdt_addr);
    EXPECT_THAT(plan.script, HasSubstr(fdt_addr ? "booti 0x200000 - ${fdt_addr}"
                                                : "booti 0x200000 - " + format_address(tree->range.begin)));
    const std::string initrd = format_address(plan.memory.find(ModuleKind::initrd)->range.begin);
    EXPECT_THAT(plan.script, HasSubstr(" " + initrd + " initrd.img"));
}

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (const std::uint64_t kernel : {15U, 33U, 48U, 80U})
        for (const auto& [year, month] :
             {std::pair{2020, 7}, {2023, 4}, {2025, 4}, {2025, 7}, {2025, 10}, {2026, 1}, {2026, 7}})
            for (const ScriptFlavour script : {ScriptFlavour::checked, ScriptFlavour::classic})
                for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot})
                    cases.push_back({kernel, year, month, script, moment});
    return cases;
}

INSTANTIATE_TEST_SUITE_P(All, EveryPlacement, ::testing::ValuesIn(all_cases()));

TEST(PlacementRules, ALargeKernelMovesTheTreeOfAnOldUBoot) {
    BootInputs inputs(48 * MiB);
    const BootPlan plan = inputs.plan();
    const MemoryRegion* tree = plan.memory.find(MemoryRole::tree);
    EXPECT_EQ(tree->moved_by, "memory-overlap");
    EXPECT_EQ(tree->wanted, 0x2600000U);
    EXPECT_EQ(tree->range.begin, 0x3480000U);
    EXPECT_THAT(plan.script, HasSubstr("device tree 0x2600000 -> 0x3480000 (memory-overlap)"));
}

TEST(PlacementRules, ALargeXenMovesTheKernel) {
    BootInputs inputs;
    inputs.artifacts.xen.header.image_size = 8 * MiB;
    const BootPlan plan = inputs.plan();
    EXPECT_EQ(plan.memory.find(ModuleKind::kernel)->range.begin, 0xa00000U);
    EXPECT_EQ(plan.memory.find(ModuleKind::kernel)->moved_by, "xen-reaches-next");
}

TEST(PlacementRules, AnArmstubMovesTheOverlayScratch) {
    BootInputs inputs;
    inputs.manifest.apply_overlays = OverlayMoment::boot;
    inputs.manifest.config_txt = {"armstub=bl31.bin"};
    inputs.artifacts.firmware.push_back({"bl31.bin", test::hollow(50000)});
    const BootPlan plan = inputs.plan();
    EXPECT_EQ(plan.memory.find(MemoryRole::scratch)->range.begin, 0x80000U);
    EXPECT_EQ(plan.memory.find(MemoryRole::scratch)->moved_by, "load-over-armstub");
    EXPECT_THAT(plan.script, HasSubstr("fdt apply 0x80000"));
}

TEST(PlacementRules, ReservedMemoryIsLeftAlone) {
    BootInputs inputs(33 * MiB);
    std::string source = test::old_board;
    source.replace(source.find("fixed@10000000"), 14, "fixed@500000");
    source.replace(source.find("<0 0x10000000 0x100000>"), 23, "<0 0x500000 0x100000>");
    inputs.set_tree(source);
    const BootPlan plan = inputs.plan();
    EXPECT_EQ(plan.memory.find(ModuleKind::kernel)->range.begin, 0x600000U);
    EXPECT_EQ(plan.memory.find(ModuleKind::kernel)->moved_by, "module-in-reserved-memory");
    inputs.manifest.addresses = {{"kernel", 0x480000}};
    EXPECT_THAT(test::ids_of(test::diagnostics_of(inputs.plan())), ::testing::Contains("module-in-reserved-memory"));
}

TEST(PlacementRules, NewUBootsMoveTheTreeSoItsPlaceIsKeptFree) {
    BootInputs inputs;
    inputs.set_uboot(2025, 7);
    inputs.manifest.addresses = {{"kernel", 0x1f800000}};
    EXPECT_THAT(test::ids_of(test::diagnostics_of(inputs.plan())), ::testing::Contains("load-over-uboot"));
    // From ${fdt_addr} too: that is above bootm_size, so U-Boot has to move the tree.
    inputs.manifest.script = ScriptFlavour::classic;
    EXPECT_THAT(test::ids_of(test::diagnostics_of(inputs.plan())), ::testing::Contains("load-over-uboot"));
}

TEST(PlacementRules, ClassicLeavesFdtAddrForNewUBoots) {
    BootInputs inputs;
    inputs.manifest.script = ScriptFlavour::classic;
    inputs.set_uboot(2026, 1);
    EXPECT_THAT(inputs.plan().script, HasSubstr("${fdt_addr} -> 0x5600000 (tree-over-uboots-own)"));
}

TEST(Board, LowMemoryEndsWhereTheGpusShareBegins) {
    const std::vector<std::string> none;
    EXPECT_EQ(board::low_memory_end(none), 0x3b400000U);
    EXPECT_EQ(board::low_memory_end(std::vector<std::string>{"gpu_mem=256"}), 768 * MiB);
    EXPECT_EQ(board::low_memory_end(std::vector<std::string>{"gpu_mem=256", "gpu_mem_1024=16"}), 1008 * MiB);
    EXPECT_EQ(board::low_memory_end(std::vector<std::string>{"total_mem=512"}), 436 * MiB);
    EXPECT_EQ(board::low_memory_end(std::vector<std::string>{"gpu_mem=nonsense", "#gpu_mem=512"}), 0x3b400000U);
}

TEST(PlacementRules, UBootsOwnPlacesAreShown) {
    BootInputs inputs;
    inputs.set_initrd(5 * MiB);
    const MemoryMap memory = inputs.plan().memory;
    const auto range = [&](const char* name) {
        const auto region = std::ranges::find(memory.regions, name, &MemoryRegion::name);
        return region == memory.regions.end() ? Range{} : region->range;
    };
    EXPECT_EQ(range("U-Boot's scriptaddr"), (Range{0x2400000, 0x2410000}));
    EXPECT_EQ(range("U-Boot's fdt_addr_r"), (Range{0x2600000, 0x2700000}));
    EXPECT_EQ(range("U-Boot's ramdisk_addr_r"), (Range{0x2700000, 0x2c00000}));
    EXPECT_EQ(range("U-Boot as loaded"), (Range{0x80000, 0x80000 + 600 * KiB}));
    EXPECT_EQ(range("U-Boot (run time)"), (Range{0x37400000, 0x3b400000}));
}

TEST(Board, ReadsUBootsWindowsOrKnowsThem) {
    UBootArtifact uboot;
    uboot.year = 2026;
    uboot.month = 1;
    EXPECT_EQ(board::windows(uboot).tree, 0x5600000U);
    EXPECT_EQ(board::windows(uboot).relocation_end, 0x20000000U);
    EXPECT_FALSE(board::fdt_addr_is_free(uboot));
    uboot.year = 2021;
    EXPECT_EQ(board::windows(uboot).tree, 0x2600000U);
    EXPECT_FALSE(board::windows(uboot).relocation_end);
    uboot.environment = {{"fdt_addr_r", "0x03000000"}, {"fdt_high", "0x30000000"}, {"scriptaddr", "nonsense"}};
    EXPECT_EQ(board::windows(uboot).tree, 0x3000000U);
    EXPECT_EQ(board::windows(uboot).script, 0x2400000U);
    EXPECT_EQ(board::windows(uboot).relocation_end, 0x30000000U);
    UBootArtifact unknown;
    EXPECT_FALSE(board::fdt_addr_is_free(unknown));
    unknown.environment = {{"scriptaddr", "0x02400000"}};
    EXPECT_TRUE(board::fdt_addr_is_free(unknown));
}

}  // namespace
}  // namespace rpixen
