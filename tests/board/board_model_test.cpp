#include "board/board_model.hpp"

#include <gmock/gmock.h>

#include <set>

#include "board/board.hpp"

namespace rpixen {
namespace {

TEST(BoardModels, AreToldApartByEveryMark) {
    std::set<unsigned> codes;
    std::set<std::string_view> names;
    std::set<std::string_view> trees;
    std::set<std::string_view> compatibles;
    for (const BoardModel& model : board_models()) {
        codes.insert(model.type_code);
        names.insert(model.uboot_name);
        trees.insert(model.tree);
        compatibles.insert(model.compatible);
    }
    const std::size_t count = board_models().size();
    EXPECT_EQ(codes, (std::set<unsigned>{0x11, 0x13, 0x14}));
    EXPECT_EQ(names.size(), count);
    EXPECT_EQ(trees.size(), count);
    EXPECT_EQ(compatibles.size(), count);
}

TEST(BoardModels, MemoryCodesAreThoseOfTheRevisionCode) {
    EXPECT_EQ(board::memory_code(1 * GiB), 2U);
    EXPECT_EQ(board::memory_code(8 * GiB), 5U);
    EXPECT_EQ(board::memory_code(3 * GiB), 7U) << "a size without a number of its own";
}

TEST(BoardModels, AreFoundByTheTreesCompatible) {
    const auto board = [](const char* compatible) {
        const BoardModel* model = board_of_tree({compatible, "brcm,bcm2711"});
        return model ? model->tree : "";
    };
    EXPECT_EQ(board("raspberrypi,4-model-b"), "bcm2711-rpi-4-b.dtb");
    EXPECT_EQ(board("raspberrypi,400"), "bcm2711-rpi-400.dtb");
    EXPECT_EQ(board("raspberrypi,4-compute-module"), "bcm2711-rpi-cm4.dtb");
    EXPECT_EQ(board("raspberrypi,3-model-b"), "");
    EXPECT_EQ(board_of_tree({}), nullptr);
}

TEST(BoardModels, TakeTheirOwnFiltersOfConfigTxt) {
    struct Row {
        const char* filter;
        std::set<unsigned> takers;
    };
    for (const Row& row : {Row{"all", {0x11, 0x13, 0x14}}, Row{"pi4", {0x11, 0x13, 0x14}}, Row{"pi400", {0x13}},
                           Row{"cm4", {0x14}}, Row{"pi3", {}}, Row{"none", {}}, Row{"board-type=0x11", {0x11}},
                           Row{"board-type=0x14", {0x14}}, Row{"board-type=19", {0x13}}, Row{"board-type=0x17", {}},
                           Row{"board-type=", {}}, Row{"board-type=0x11 ", {}}, Row{"EDID=x", {}}}) {
        std::set<unsigned> takers;
        for (const BoardModel& model : board_models())
            if (model.takes(row.filter)) takers.insert(model.type_code);
        EXPECT_EQ(takers, row.takers) << row.filter;
    }
}

}  // namespace
}  // namespace rpixen
