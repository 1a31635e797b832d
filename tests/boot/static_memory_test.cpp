#include "boot/static_memory.hpp"

#include <gmock/gmock.h>

#include "board/dom0_memory.hpp"
#include "boot/boot_inputs.hpp"
#include "devicetree/overlay.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using test::bytes_of;
using test::ids_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

Guest static_guest(const std::string& name, std::uint64_t memory = 128 * MiB) {
    Guest guest;
    guest.name = name;
    guest.kernel.of_dom0 = true;
    guest.memory = memory;
    guest.static_memory.emplace();
    guest.direct_map = true;
    guest.console = GuestConsole::none;
    return guest;
}

BootInputs with_guests(const std::vector<Guest>& guests) {
    BootInputs inputs;
    inputs.manifest.guests = guests;
    for (std::size_t index = 0; index < guests.size(); ++index)
        inputs.artifacts.guests.push_back({inputs.artifacts.kernel, {}});
    return inputs;
}

std::vector<MemoryRegion> static_regions(const BootPlan& plan) {
    std::vector<MemoryRegion> regions;
    for (const MemoryRegion& region : plan.memory.regions)
        if (region.role == MemoryRole::static_memory) regions.push_back(region);
    return regions;
}

/// Errors of the judge; the planned Xen does not tell how it was built.
std::vector<std::string> errors_of(const BootPlan& plan) {
    std::vector<std::string> ids;
    for (const Diagnostic& diagnostic : test::diagnostics_of(plan))
        if (diagnostic.severity == Severity::error) ids.push_back(diagnostic.id);
    return ids;
}

class StaticMemory : public testing::TestWithParam<OverlayMoment> {};

TEST_P(StaticMemory, StandsInTheNodesAsXenDocumentsIt) {
    BootInputs inputs = with_guests({static_guest("web")});
    inputs.manifest.apply_overlays = GetParam();
    const BootPlan plan = inputs.plan();
    DeviceTree tree = DeviceTree::parse(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), "card");
    if (GetParam() == OverlayMoment::boot)
        tree = merge(tree, DeviceTree::parse(bytes_of(plan, "overlays/pi4-64-xen.dtbo"), "overlay"), "pi4-64-xen");
    const test::TemporaryFolder folder;
    const std::string file = folder.write("card.dtb", as_text(tree.bytes()));
    const auto get = [&](const std::string& path, const std::string& property) {
        return test::run_ok({"fdtget", "-t", "x", file, path, property});
    };
    const std::vector<MemoryRegion> regions = static_regions(plan);
    ASSERT_EQ(regions.size(), 1U);
    const std::string place = format_address(regions[0].range.begin).substr(2);
    const std::string cells = get("/chosen", "#address-cells");
    EXPECT_EQ(get("/chosen/domU1", "#xen,static-mem-address-cells"), cells);
    EXPECT_EQ(get("/chosen/domU1", "#xen,static-mem-size-cells"), get("/chosen", "#size-cells"));
    EXPECT_EQ(get("/chosen/domU1", "xen,static-mem"), (cells == "2\n" ? "0 " : "") + place + " 8000000\n");
    EXPECT_EQ(get("/chosen/domU1", "memory"), "0 20000\n");
    EXPECT_TRUE(tree.property("/chosen/domU1", "direct-map"));
    EXPECT_THAT(errors_of(plan), ElementsAre());
}

INSTANTIATE_TEST_SUITE_P(Moments, StaticMemory, testing::Values(OverlayMoment::compose, OverlayMoment::boot));

TEST(StaticMemoryPlaces, AreFreeAndInWhatEveryBoardHas) {
    BootInputs inputs = with_guests({static_guest("a"), static_guest("b", 48 * MiB), static_guest("c", 16 * MiB)});
    inputs.manifest.guests[1].pv = true;
    inputs.set_initrd(30 * MiB);
    const BootPlan plan = inputs.plan();
    const std::vector<MemoryRegion> regions = static_regions(plan);
    ASSERT_EQ(regions.size(), 3U);
    for (const MemoryRegion& region : regions) {
        EXPECT_TRUE(has_memory(1 * GiB, {region.range})) << region.name;
        EXPECT_EQ(region.range.begin % (2 * MiB), 0U);
        for (const Range& own : xen_own_memory(1 * GiB)) EXPECT_FALSE(own.overlaps(region.range)) << region.name;
        EXPECT_FALSE(region.name == "b's memory" && region.range.overlaps(grants_of_guests));
        for (const MemoryRegion& other : plan.memory.regions) {
            if (other.name == region.name || other.kind != MemoryRegion::Kind::placed) continue;
            EXPECT_FALSE(other.range.overlaps(region.range)) << region.name << " and " << other.name;
        }
    }
    for (const BoardFit& board : plan.boards) {
        EXPECT_TRUE(board.starts) << format_size(board.memory);
        EXPECT_EQ(board.guests, (192 + 6) * MiB) << "with their page tables";
    }
    EXPECT_THAT(errors_of(plan), ElementsAre());
}

TEST(StaticMemoryPlaces, LeaveDom0WhatItAsksForWhereThatIsPossible) {
    // Some 680 MiB of low memory in one chunk of 256 MiB and smaller ones: the highest place costs the last of them.
    BootInputs inputs = with_guests({static_guest("a", 64 * MiB)});
    for (const std::uint64_t dom0 : {512U, 640U, 700U, 768U}) {
        inputs.manifest.dom0_mem = std::to_string(dom0) + "MiB";
        const BootPlan plan = inputs.plan();
        EXPECT_TRUE(plan.boards[0].starts) << dom0;
    }
    inputs.manifest.dom0_mem = "rest";
    const BootPlan plan = inputs.plan();
    for (const BoardFit& board : plan.boards) EXPECT_TRUE(board.starts) << format_size(board.memory);
    EXPECT_GT(plan.boards[0].dom0_mem, 512 * MiB);
}

TEST(StaticMemoryPlaces, OfLargeGuestsAreOnLargeBoards) {
    const BootPlan plan = with_guests({static_guest("a", 1500 * MiB)}).plan();
    const std::vector<MemoryRegion> regions = static_regions(plan);
    ASSERT_EQ(regions.size(), 1U);
    EXPECT_FALSE(has_memory(2 * GiB, {regions[0].range}));
    EXPECT_TRUE(has_memory(4 * GiB, {regions[0].range}));
    EXPECT_FALSE(plan.boards[0].starts);
    EXPECT_FALSE(plan.boards[1].starts);
    EXPECT_TRUE(plan.boards[2].starts);
    EXPECT_THAT(ids_of(test::diagnostics_of(plan)), Contains("guest-static-memory-excludes-boards"));
}

TEST(StaticMemoryPlaces, ThatNoBoardHasAreRefused) {
    const BootInputs inputs = with_guests({static_guest("a", 4 * GiB)});
    try {
        inputs.plan();
        FAIL() << "planned";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
    }
}

TEST(StaticMemoryPlaces, ThatAreGivenStayAndModulesGoElsewhere) {
    BootInputs inputs = with_guests({static_guest("a", 64 * MiB)});
    inputs.set_initrd(5 * MiB);
    const BootPlan usual = with_guests({}).plan();
    const std::uint64_t tree = usual.memory.find(MemoryRole::tree)->range.begin;
    inputs.manifest.guests[0].static_memory = {{align_down(tree, 2 * MiB), 64 * MiB}};
    const BootPlan plan = inputs.plan();
    const std::vector<MemoryRegion> regions = static_regions(plan);
    ASSERT_EQ(regions.size(), 1U);
    EXPECT_TRUE(regions[0].pinned);
    EXPECT_EQ(regions[0].range.begin, align_down(tree, 2 * MiB));
    EXPECT_EQ(plan.memory.find(MemoryRole::tree)->moved_by, "guest-static-memory-taken");
    for (const MemoryRegion& other : plan.memory.regions) {
        if (other.role == MemoryRole::static_memory || other.kind != MemoryRegion::Kind::placed) continue;
        EXPECT_FALSE(other.range.overlaps(regions[0].range)) << other.name;
    }
    EXPECT_THAT(errors_of(plan), Not(Contains("guest-static-memory-taken")));
}

TEST(StaticMemoryPlaces, OverAPinnedModuleAreJudged) {
    BootInputs inputs = with_guests({static_guest("a", 64 * MiB)});
    inputs.manifest.addresses["kernel"] = 0x8000000;
    inputs.manifest.guests[0].static_memory = {{0x8000000, 64 * MiB}};
    EXPECT_THAT(errors_of(inputs.plan()), Contains("guest-static-memory-taken"));
}

}  // namespace
}  // namespace rpixen
