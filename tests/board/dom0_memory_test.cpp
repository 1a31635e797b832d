#include "board/dom0_memory.hpp"

#include <gtest/gtest.h>

namespace rpixen {
namespace {

const std::vector<Range> modules{
    {0, 0x1000}, {0x200000, 0x480000}, {0x480000, 0x480000 + 26 * MiB}, {0x2600000, 0x2610000}};

TEST(Dom0Mem, IsReadAsXenReadsIt) {
    EXPECT_EQ(parse_dom0_mem("512M"), 512 * MiB);
    EXPECT_EQ(parse_dom0_mem("1g"), GiB);
    EXPECT_EQ(parse_dom0_mem("524288"), 512 * MiB) << "KiB without a unit";
    EXPECT_EQ(parse_dom0_mem("0x200m"), 512 * MiB);
    EXPECT_EQ(parse_dom0_mem("0xb"), 11 * KiB) << "b is a digit here";
    EXPECT_EQ(parse_dom0_mem("512M,max:512M"), 512 * MiB);
    EXPECT_EQ(parse_dom0_mem("max:512M"), std::nullopt);
    EXPECT_EQ(parse_dom0_mem(""), std::nullopt);
    EXPECT_EQ(parse_dom0_mem("99999999999999999999G"), std::nullopt);
    EXPECT_EQ(parse_dom0_mem("99999999999999T"), std::nullopt);
}

TEST(Dom0Memory, CeilingsAreThoseOfTheSimulation) {
    // shared/boot-facts.md M3: 884, 1896, 3852 and 7892 MiB; this model keeps 4 MiB less for Xen.
    const std::uint64_t expected[] = {888, 1900, 3856, 7896};
    for (int index = 0; index < 4; ++index)
        EXPECT_EQ(dom0_ceiling(board_memories[index], modules) / MiB, expected[index]);
}

TEST(Dom0Memory, AHighDeviceTreeCostsMemory) {
    std::vector<Range> high = modules;
    high.back() = {0x5600000, 0x5610000};
    for (const std::uint64_t board : board_memories) EXPECT_LT(dom0_ceiling(board, high), dom0_ceiling(board, modules));
}

TEST(Dom0Memory, TheStockNumberPanicsOnSmallBoards) {
    for (const std::uint64_t board : board_memories) {
        std::vector<Range> taken = modules;
        for (const Range& own : xen_own_memory(board)) taken.push_back(own);
        const bool starts = allocate_dom0(board_ram(board), taken, 3584 * MiB).unallocated == 0;
        EXPECT_EQ(starts, board >= 4 * GiB);
    }
}

TEST(Dom0Memory, BanksAreAscendingDisjointAndFree) {
    std::vector<Range> taken = modules;
    const Dom0Banks result = allocate_dom0(board_ram(4 * GiB), taken, 2000 * MiB);
    EXPECT_EQ(result.unallocated, 0U);
    std::uint64_t sum = 0;
    std::uint64_t last = 0;
    for (const Range& bank : result.banks) {
        EXPECT_GE(bank.begin, last);
        last = bank.end;
        sum += bank.size();
        for (const Range& module : taken) EXPECT_FALSE(bank.overlaps(module));
    }
    EXPECT_EQ(sum, 2000 * MiB);
}

TEST(GuestMemory, PageTablesAreAsXenCountsThem) {
    // domain_p2m_pages: 4 * (256 * cpus + MiB + 128) KiB, in whole MiB.
    EXPECT_EQ(page_tables_of_guest(128 * MiB, 1), 2 * MiB);
    EXPECT_EQ(page_tables_of_guest(129 * MiB, 1), 3 * MiB) << "the extended regions count";
    EXPECT_EQ(page_tables_of_guest(4 * GiB, 4), 21 * MiB);
    EXPECT_EQ(taken_by_guest(128 * MiB, 1), 130 * MiB);
}

TEST(BoardMemory, EndsBelowTheGpusShareAndGoesOnAt1GiB) {
    EXPECT_TRUE(has_memory(1 * GiB, {{0x1000, 0x3b400000}}));
    EXPECT_FALSE(has_memory(8 * GiB, {{0x3b000000, 0x3b401000}}));
    EXPECT_FALSE(has_memory(1 * GiB, {{0x1000, 0x2000}, {0x40000000, 0x40001000}}));
    EXPECT_TRUE(has_memory(2 * GiB, {{0x1000, 0x2000}, {0x40000000, 0x40001000}}));
    EXPECT_TRUE(has_memory(1 * GiB, {}));
}

TEST(Dom0Memory, NothingAtAllIsSurvived) {
    EXPECT_EQ(allocate_dom0({}, {}, 512 * MiB).unallocated, 512 * MiB);
    EXPECT_EQ(allocate_dom0(board_ram(GiB), {}, 0).unallocated, 0U);
    EXPECT_EQ(allocate_dom0(board_ram(GiB), {{0, 4 * GiB}}, MiB).unallocated, MiB);
}

}  // namespace
}  // namespace rpixen
