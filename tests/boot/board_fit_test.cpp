#include "boot/board_fit.hpp"

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using test::ids_of;
using ::testing::HasSubstr;

TEST(BoardFit, TheDefaultStartsOnEveryBoard) {
    const BootPlan plan = BootInputs().plan();
    ASSERT_EQ(plan.boards.size(), 4U);
    for (const BoardFit& board : plan.boards) EXPECT_TRUE(board.starts) << format_size(board.memory);
    for (const BoardFit& board : plan.boards) EXPECT_EQ(board.dom0_mem, 512 * MiB);
}

TEST(BoardFit, TheStock3584MNeedsA4GiBBoard) {
    BootInputs inputs;
    inputs.manifest.dom0_mem = "3584MiB";
    const BootPlan plan = inputs.plan();
    std::vector<bool> starts;
    for (const BoardFit& board : plan.boards) starts.push_back(board.starts);
    EXPECT_THAT(starts, ::testing::ElementsAre(false, false, true, true));
    EXPECT_THAT(ids_of(test::diagnostics_of(plan)), ::testing::Contains("dom0-mem-excludes-boards"));
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

TEST(BoardFit, AutomaticIsWhatEachBoardCanGive) {
    BootInputs inputs;
    inputs.manifest.dom0_mem = "auto";
    const BootPlan plan = inputs.plan();
    std::vector<std::uint64_t> sizes;
    for (const BoardFit& board : plan.boards) {
        EXPECT_TRUE(board.starts) << format_size(board.memory);
        EXPECT_LE(board.dom0_mem + 64 * MiB, board.ceiling) << format_size(board.memory);
        sizes.push_back(board.dom0_mem / MiB);
    }
    EXPECT_THAT(sizes, ::testing::ElementsAre(512, 768, 1024, 2048));
    EXPECT_THAT(ids_of(test::diagnostics_of(plan)), ::testing::Not(::testing::Contains("dom0-mem-excludes-boards")));
}

TEST(BoardFit, AutomaticAsksForLessWhereThePlacesLeaveLess) {
    // An initrd in the middle of low memory: no chunk of 512 MiB is whole, and less remains.
    BootInputs inputs;
    inputs.manifest.dom0_mem = "auto";
    inputs.set_initrd(400 * MiB);
    inputs.manifest.addresses["initrd"] = 0x18000000;
    const BootPlan plan = inputs.plan();
    EXPECT_LT(plan.boards[0].ceiling, 576 * MiB);
    EXPECT_EQ(plan.boards[0].dom0_mem, plan.boards[0].ceiling - 64 * MiB);
    EXPECT_TRUE(plan.boards[0].starts);
    EXPECT_EQ(plan.boards[3].dom0_mem, 2048 * MiB);
    EXPECT_NE(plan.xen_bootargs.find("dom0_mem=" + std::to_string(plan.boards[0].dom0_mem / MiB) + "M"),
              std::string::npos);
}

TEST(BoardFit, TheRestIsAllThatEachBoardCanGiveLessAMargin) {
    for (const std::uint64_t kernel : {15 * MiB, 40 * MiB}) {
        BootInputs inputs(kernel);
        inputs.manifest.dom0_mem = "rest";
        const BootPlan plan = inputs.plan();
        ASSERT_EQ(plan.boards.size(), 4U);
        for (const BoardFit& board : plan.boards) {
            EXPECT_TRUE(board.starts) << format_size(board.memory);
            EXPECT_LE(board.dom0_mem + 64 * MiB, board.ceiling) << format_size(board.memory);
            EXPECT_GT(board.dom0_mem + 256 * MiB, board.ceiling) << format_size(board.memory);
            EXPECT_NE(plan.script.find("setenv dom0_mem " + std::to_string(board.dom0_mem / MiB) + "M;"),
                      std::string::npos);
        }
        EXPECT_THAT(ids_of(test::diagnostics_of(plan)),
                    ::testing::Not(::testing::Contains("dom0-mem-excludes-boards")));
    }
}

TEST(BoardFit, ABoardOf3GiBHasAShareOfItsOwn) {
    const BootPlan plan = BootInputs(26 * MiB).plan();
    const std::uint64_t sizes[] = {2 * GiB, 3 * GiB, 4 * GiB};
    const auto fits = automatic_fits(plan.memory, Dom0Share::rest, sizes);
    ASSERT_EQ(fits.size(), 3U);
    EXPECT_LT(fits[0].dom0_mem + 900 * MiB, fits[1].dom0_mem);
    EXPECT_LT(fits[1].dom0_mem + 800 * MiB, fits[2].dom0_mem);
    EXPECT_TRUE(fits[1].starts);
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
