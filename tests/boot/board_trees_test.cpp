#include "boot/board_trees.hpp"

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"
#include "devicetree/dtc.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using test::bytes_of;
using test::find_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

/// The Raspberry Pi 4 B's tree as that of another board, with further nodes.
std::string tree_for(const std::string& compatible, const std::string& nodes = "") {
    std::string source = test::old_board;
    source.replace(source.find("raspberrypi,4-model-b"), 21, compatible);
    return source + (nodes.empty() ? "" : "/ { " + nodes + " };\n");
}

/// The Raspberry Pi 4 B, the Raspberry Pi 400 and the Compute Module 4.
BootInputs family(const std::string& nodes_of_400 = "") {
    BootInputs inputs;
    inputs.add_tree(tree_for("raspberrypi,400", nodes_of_400));
    inputs.add_tree(tree_for("raspberrypi,4-compute-module"));
    return inputs;
}

std::vector<Problem> refused(const BootInputs& inputs, ErrorCode code = ErrorCode::artifact) {
    try {
        inputs.plan();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code);
        return error.problems();
    }
    ADD_FAILURE() << "it was not refused";
    return {{}};
}

constexpr const char* trees[] = {"bcm2711-rpi-4-b.dtb", "bcm2711-rpi-400.dtb", "bcm2711-rpi-cm4.dtb"};

TEST(BoardTrees, EachHasItsBoardsNameAndDom0sModules) {
    BootInputs inputs = family();
    inputs.set_initrd(1000);
    const BootPlan plan = inputs.plan();
    for (const char* name : trees) {
        const auto tree = DeviceTree::parse(bytes_of(plan, name), name);
        EXPECT_THAT(tree.cells("/chosen/dom0", "reg"),
                    ElementsAre(plan.memory.find(ModuleKind::kernel)->range.begin, 15U * MiB));
        EXPECT_TRUE(tree.has("/chosen/ramdisk")) << name;
        EXPECT_THAT(tree.string("/chosen", "xen,xen-bootargs"), Optional(HasSubstr("dom0_mem=512M")));
    }
    EXPECT_EQ(DeviceTree::parse(bytes_of(plan, trees[2]), "").compatible().front(), "raspberrypi,4-compute-module");
}

TEST(BoardTrees, TheScriptChoosesByTheTypeOfTheBoard) {
    for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
        BootInputs inputs = family();
        inputs.manifest.apply_overlays = moment;
        const std::string script = inputs.plan().script;
        EXPECT_THAT(script, HasSubstr("if test \"${board_rev}\" -eq 0x11; then setenv board_tree "
                                      "bcm2711-rpi-4-b.dtb; fi\n"));
        EXPECT_THAT(script, HasSubstr("if test \"${board_rev}\" -eq 0x14; then setenv board_tree "
                                      "bcm2711-rpi-cm4.dtb; fi\n"));
        EXPECT_THAT(script, HasSubstr("run choose_tree && run do_dtbsetup && "));
        EXPECT_THAT(script, HasSubstr(" ${board_tree}; then"));
    }
}

TEST(BoardTrees, OneAloneKeepsTheNameOfOldWhateverBoardItIsFor) {
    BootInputs inputs;
    inputs.set_tree(tree_for("raspberrypi,400"));
    const BootPlan plan = inputs.plan();
    EXPECT_NE(find_file(plan, trees[0]), nullptr);
    EXPECT_EQ(find_file(plan, trees[1]), nullptr);
    EXPECT_THAT(plan.script, AllOf(HasSubstr("bcm2711-rpi-4-b.dtb"), Not(HasSubstr("board_"))));
}

TEST(BoardTrees, TheLargestDecidesTheRoom) {
    const std::string filler = "filler = \"" + std::string(100000, 'f') + "\";";
    for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
        BootInputs inputs = family(filler);
        inputs.manifest.apply_overlays = moment;
        const BootPlan plan = inputs.plan();
        const Range room = plan.memory.find(MemoryRole::tree)->range;
        EXPECT_GT(room.size(), bytes_of(plan, trees[1]).size());
        EXPECT_LT(bytes_of(plan, trees[0]).size(), 50000U);
    }
}

TEST(BoardTrees, ReservationsOfEveryBoardAreKept) {
    const BootPlan plan = family("reserved-memory { block@480000 { reg = <0 0x480000 0x100000>; }; };").plan();
    EXPECT_FALSE(plan.memory.find(ModuleKind::kernel)->range.overlaps({0x480000, 0x580000}));
}

TEST(BoardTrees, AnOverlayIsProvenOnEachOfThem) {
    for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
        BootInputs inputs = family("only-here { };");
        inputs.manifest.apply_overlays = moment;
        inputs.add_overlay("hat", test::dtc("/dts-v1/; /plugin/; / { fragment@0 { target-path = "
                                            "\"/only-here\"; __overlay__ { a; }; }; };"));
        EXPECT_THAT(refused(inputs, ErrorCode::unfit).front().text(), HasSubstr("/only-here"));
    }
}

TEST(BoardTrees, RefusesTwoForOneBoardAndOneForNoBoardAtOnce) {
    BootInputs inputs = family();
    inputs.add_tree(tree_for("raspberrypi,400"));
    inputs.add_tree(tree_for("raspberrypi,3-model-b"));
    const auto problems = refused(inputs);
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_THAT(problems[0].message, HasSubstr("for one board, the Raspberry Pi 400"));
    EXPECT_EQ(problems[0].found, "board1.dtb and board3.dtb");
    EXPECT_THAT(problems[1].text(), AllOf(HasSubstr("raspberrypi,3-model-b"), HasSubstr("raspberrypi,400")));
}

TEST(BoardTrees, RefusesTheClassicScript) {
    BootInputs inputs = family();
    inputs.manifest.script = ScriptFlavour::classic;
    EXPECT_THAT(refused(inputs, ErrorCode::unfit).front().text(), HasSubstr("\"checked\""));
}

}  // namespace
}  // namespace rpixen
