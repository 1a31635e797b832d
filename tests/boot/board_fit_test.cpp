#include "boot/board_fit.hpp"

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using ::testing::HasSubstr;

TEST(BoardFit, TheDefaultStartsOnEveryBoard) {
    const BootPlan plan = BootInputs().plan();
    ASSERT_EQ(plan.boards.size(), 4U);
    for (const BoardFit& board : plan.boards) EXPECT_TRUE(board.starts) << format_size(board.memory);
    EXPECT_THAT(board_table(plan.boards), HasSubstr("1GiB: starts"));
}

TEST(BoardFit, TheStock3584MNeedsA4GiBBoard) {
    BootInputs inputs;
    inputs.manifest.dom0_mem = "3584MiB";
    const BootPlan plan = inputs.plan();
    std::vector<bool> starts;
    for (const BoardFit& board : plan.boards) starts.push_back(board.starts);
    EXPECT_THAT(starts, ::testing::ElementsAre(false, false, true, true));
    EXPECT_THAT(board_table(plan.boards), HasSubstr("2GiB: does not start"));
}

TEST(BoardFit, CeilingsAreThoseOfTheModel) {
    // With a kernel of 26 MiB and the tree at 0x2600000: 884, 1896, 3852 and 7892 MiB by the first model, and
    // no more.
    const BootPlan plan = BootInputs(26 * MiB).plan();
    const std::uint64_t modelled[] = {884, 1896, 3852, 7892};
    for (std::size_t board = 0; board < 4; ++board) {
        EXPECT_LE(plan.boards[board].ceiling, (modelled[board] + 16) * MiB);
        EXPECT_GE(plan.boards[board].ceiling, (modelled[board] - 64) * MiB);
    }
}

TEST(BoardFit, AHighTreeCostsMemory) {
    BootInputs low(26 * MiB);
    BootInputs high(26 * MiB);
    high.set_uboot(2025, 7);
    EXPECT_LT(high.plan().boards[0].ceiling, low.plan().boards[0].ceiling);
}

TEST(BoardFit, WithoutASizeThereIsNothingToSay) {
    BootInputs inputs;
    inputs.manifest.dom0_mem.clear();
    EXPECT_TRUE(inputs.plan().boards.empty());
    inputs.manifest.xen_bootargs = "console=dtuart dom0_mem=256M";
    EXPECT_EQ(inputs.plan().boards.size(), 4U);
}

}  // namespace
}  // namespace rpixen
