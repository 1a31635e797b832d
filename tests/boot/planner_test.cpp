#include "boot/planner.hpp"

#include <gmock/gmock.h>

namespace rpixen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t ram_end = 0x1000000;

Wish wish(std::string name, std::uint64_t wanted, std::uint64_t size, std::uint64_t alignment = 0x1000) {
    Wish result;
    result.name = std::move(name);
    result.wanted = wanted;
    result.size = size;
    result.alignment = alignment;
    return result;
}

Wish pinned(std::string name, std::uint64_t wanted, std::uint64_t size) {
    Wish result = wish(std::move(name), wanted, size, 1);
    result.pinned = true;
    return result;
}

const MemoryRegion& region(const MemoryMap& map, std::string_view name) {
    const auto found = std::ranges::find(map.regions, name, &MemoryRegion::name);
    if (found == map.regions.end()) throw std::runtime_error("no region");
    return *found;
}

Error refusal(const std::vector<Wish>& wishes, const std::vector<Obstacle>& obstacles = {}) {
    try {
        plan_memory(wishes, obstacles, ram_end);
    } catch (const Error& error) {
        return error;
    }
    throw std::runtime_error("not refused");
}

TEST(Planner, KeepsWhatIsFree) {
    const MemoryMap map = plan_memory({wish("a", 0x10000, 5), wish("b", 0x11000, 0x1000)}, {}, ram_end);
    EXPECT_EQ(region(map, "a").range, (Range{0x10000, 0x10005}));
    EXPECT_EQ(region(map, "b").range, (Range{0x11000, 0x12000}));
    EXPECT_EQ(region(map, "b").moved_by, "");
    EXPECT_EQ(map.find(ModuleKind::kernel), nullptr);
}

TEST(Planner, MovesToTheNearestFreePlaceAndSaysWhy) {
    const std::vector<Obstacle> obstacles{{"stub", {0x20000, 0x30001}, "load-over-armstub"}};
    const MemoryMap up = plan_memory({wish("a", 0x2f000, 0x1000)}, obstacles, ram_end);
    EXPECT_EQ(region(up, "a").range.begin, 0x31000U);
    EXPECT_EQ(region(up, "a").moved_by, "load-over-armstub");
    EXPECT_EQ(region(up, "a").wanted, 0x2f000U);
    const MemoryMap down = plan_memory({wish("a", 0x21000, 0x1000)}, obstacles, ram_end);
    EXPECT_EQ(region(down, "a").range.begin, 0x1f000U);
    const MemoryMap tie = plan_memory({wish("a", 0x28000, 0x1000)}, {{"s", {0x26000, 0x2b000}, "x"}}, ram_end);
    EXPECT_EQ(region(tie, "a").range.begin, 0x2b000U);
}

TEST(Planner, FitsIntoAGapOfExactlyItsSize) {
    const std::vector<Obstacle> obstacles{{"a", {0, 0x2000}, "r"}, {"b", {0x3000, ram_end}, "r"}};
    EXPECT_EQ(region(plan_memory({wish("x", 0x9000, 0x1000)}, obstacles, ram_end), "x").range, (Range{0x2000, 0x3000}));
    EXPECT_THAT(refusal({wish("x", 0x9000, 0x1001)}, obstacles).what(), HasSubstr("no free memory"));
}

TEST(Planner, KeepsAlignmentAndOffset) {
    Wish xen = wish("xen", 0x200000, 0x100000, 0x200000);
    xen.offset = 0x80000;
    const MemoryMap map = plan_memory({xen}, {}, ram_end);
    EXPECT_EQ(region(map, "xen").range.begin % 0x200000, 0x80000U);
    EXPECT_EQ(region(map, "xen").moved_by, "memory-misaligned");
}

TEST(Planner, PinnedOnesComeFirst) {
    const MemoryMap map = plan_memory({wish("a", 0x10000, 0x1000), pinned("b", 0x10800, 0x10)}, {}, ram_end);
    EXPECT_EQ(region(map, "b").range.begin, 0x10800U);
    EXPECT_TRUE(region(map, "b").pinned);
    EXPECT_EQ(region(map, "a").range.begin, 0x11000U);
    EXPECT_EQ(region(map, "a").moved_by, "memory-overlap");
}

TEST(Planner, TellsEveryCollisionOfPinnedOnes) {
    Wish xen = pinned("xen", 0x200000, 0x100000);
    xen.rule = "xen-reaches-next";
    Wish odd = pinned("odd", 0x300001, 0x10);
    odd.alignment = 8;
    odd.alignment_rule = "dtb-misaligned";
    const MemoryMap map = plan_memory({xen, pinned("kernel", 0x280000, 0x1000), odd, pinned("far", ram_end - 1, 2),
                                       pinned("overflow", ~std::uint64_t{0}, 2)},
                                      {}, ram_end);
    std::vector<std::string> rules;
    for (const Problem& finding : map.findings) rules.push_back(finding.rule);
    EXPECT_THAT(rules,
                ElementsAre("xen-reaches-next", "dtb-misaligned", "load-beyond-low-memory", "load-beyond-low-memory"));
    EXPECT_EQ(map.findings.front().message, "kernel is pinned over xen");
    EXPECT_EQ(region(map, "kernel").range.begin, 0x280000U);
}

TEST(Planner, ShowsWindowsButLetsThemBeWrittenOver) {
    const std::vector<Obstacle> obstacles{{"scriptaddr", {0x10000, 0x20000}, "", MemoryRegion::Kind::window}};
    const MemoryMap map = plan_memory({wish("a", 0x10000, 0x1000)}, obstacles, ram_end);
    EXPECT_EQ(region(map, "a").moved_by, "");
    EXPECT_EQ(region(map, "scriptaddr").kind, MemoryRegion::Kind::window);
}

TEST(Planner, SortsByAddress) {
    const MemoryMap map = plan_memory({wish("b", 0x5000, 1), wish("a", 0x1000, 1)}, {{"c", {0x3000, 0x4000}, ""}},
                                      ram_end);
    EXPECT_TRUE(std::is_sorted(map.regions.begin(), map.regions.end(),
                               [](const auto& a, const auto& b) { return a.range.begin < b.range.begin; }));
}

}  // namespace
}  // namespace rpixen
