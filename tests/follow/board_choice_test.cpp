#include "follow/board_choice.hpp"

#include <gmock/gmock.h>

#include "boot/script.hpp"
#include "card/read_card.hpp"
#include "follow/check_card.hpp"
#include "follow/good_card.hpp"

namespace rpixen {
namespace {

using test::CardRecipe;
using test::TemporaryFolder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::string tree_for(const std::string& compatible, const std::string& nodes = "") {
    return test::compile_tree(R"(/dts-v1/;
/memreserve/ 0x0 0x1000;
/ {
    compatible = ")" + compatible +
                              R"(", "brcm,bcm2711";
    #address-cells = <2>;
    #size-cells = <1>;
    aliases { serial1 = "/soc/serial@7e215040"; emmc2bus = "/emmc2bus"; pcie0 = "/scb/pcie@7d500000"; };
    chosen { };
    soc { #address-cells = <1>; #size-cells = <1>; serial@7e215040 { compatible = "brcm,bcm2835-aux-uart"; status = "okay"; }; };
    emmc2bus { };
    scb { pcie@7d500000 { }; };
    )" + nodes + "\n};\n");
}

ScriptPlan script_for_all() {
    ScriptPlan plan;
    plan.bootargs = "console=hvc0 root=/dev/mmcblk0p2 rootwait";
    plan.xen = 0x200000;
    plan.modules[ModuleKind::kernel] = {0x480000, 0x480000 + test::kernel_size};
    plan.tree = 0x2600000;
    plan.overlays = {"pi4-64-xen"};
    plan.overlay_scratch = 0x18000;
    plan.tree_as_loaded = 0x2610000;
    plan.tree_length = 0x3000;
    for (const BoardModel& model : board_models()) plan.board_trees.emplace_back(model.type_code, model.tree);
    return plan;
}

/// A card that starts every board of the family by our own script.
CardRecipe card_for_all(const TemporaryFolder& folder) {
    CardRecipe card = test::good_card(folder);
    card.boot["boot.scr"] = test::boot_scr(folder, render_script(script_for_all()));
    card.boot["bcm2711-rpi-400.dtb"] = tree_for("raspberrypi,400");
    card.boot["bcm2711-rpi-cm4.dtb"] = tree_for("raspberrypi,4-compute-module");
    return card;
}

CardCheck check(const TemporaryFolder& folder, const CardRecipe& card) {
    return check_card(read_card(test::make_card(folder, card)));
}

std::vector<std::string> messages(const CardCheck& check, std::string_view id) {
    std::vector<std::string> found;
    for (const Diagnostic& diagnostic : check.diagnostics)
        if (diagnostic.id == id) found.push_back(diagnostic.message);
    return found;
}

std::string listed(const CardCheck& check) {
    std::string text;
    for (const Diagnostic& diagnostic : check.diagnostics)
        text += diagnostic.id + ": " + diagnostic.message + ", " + diagnostic.found + "\n";
    for (const std::string& note : check.notes) text += note + "\n";
    return text;
}

TEST(BoardChoice, ACardForEveryBoardIsSound) {
    const TemporaryFolder folder;
    const CardCheck result = check(folder, card_for_all(folder));
    EXPECT_THAT(result.diagnostics, IsEmpty()) << listed(result);
    EXPECT_THAT(result.notes, IsEmpty()) << listed(result);
}

TEST(BoardChoice, ATreeThatIsMissingIsNamedWithItsBoard) {
    const TemporaryFolder folder;
    CardRecipe card = card_for_all(folder);
    card.boot.erase("bcm2711-rpi-cm4.dtb");
    const CardCheck result = check(folder, card);
    EXPECT_THAT(result.diagnostics, Contains(Field(&Diagnostic::found, HasSubstr("bcm2711-rpi-cm4.dtb"))))
        << listed(result);
    for (const Diagnostic& diagnostic : result.diagnostics)
        EXPECT_THAT(diagnostic.message, StartsWith("on a Compute Module 4: ")) << listed(result);
}

TEST(BoardChoice, ATreeOfAnotherBoardIsSeen) {
    const TemporaryFolder folder;
    CardRecipe card = card_for_all(folder);
    card.boot["bcm2711-rpi-400.dtb"] = tree_for("raspberrypi,4-compute-module");
    EXPECT_THAT(messages(check(folder, card), "dtb-of-another-board"),
                ElementsAre("on a Raspberry Pi 400: bcm2711-rpi-400.dtb is for the Compute Module 4"));
}

TEST(BoardChoice, AnOverlayIsAppliedOnEachBoard) {
    const TemporaryFolder folder;
    CardRecipe card = card_for_all(folder);
    ScriptPlan plan = script_for_all();
    plan.overlays.emplace_back("hat");
    card.boot["boot.scr"] = test::boot_scr(folder, render_script(plan));
    card.boot["overlays/hat.dtbo"] = test::compile_tree(
        "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/here\"; __overlay__ { a; }; }; };");
    card.boot["bcm2711-rpi-4-b.dtb"] = test::board_tree("here { };");
    const CardCheck result = check(folder, card);
    EXPECT_THAT(messages(result, "overlay-target-missing"),
                ElementsAre(StartsWith("on a Raspberry Pi 400 and a Compute Module 4: ")))
        << listed(result);
}

TEST(BoardChoice, WhatIsWrongOnEveryBoardIsSaidOnce) {
    const TemporaryFolder folder;
    CardRecipe card = card_for_all(folder);
    card.boot.erase("xen-raspberrypi4-64");
    const CardCheck result = check(folder, card);
    ASSERT_THAT(result.diagnostics, Not(IsEmpty()));
    for (const Diagnostic& diagnostic : result.diagnostics)
        EXPECT_THAT(diagnostic.message, Not(StartsWith("on a "))) << listed(result);
}

TEST(BoardChoice, FiltersOfConfigTxtCountForTheirBoard) {
    const TemporaryFolder folder;
    CardRecipe card = card_for_all(folder);
    const std::string sound = card.boot["config.txt"];
    for (const auto& [filter, place] :
         {std::pair{"[pi400]", "on a Raspberry Pi 400: "}, std::pair{"[cm4]", "on a Compute Module 4: "},
          std::pair{"[board-type=0x11]", "on a Raspberry Pi 4 B: "}, std::pair{"[pi4]", "config.txt"}}) {
        card.boot["config.txt"] = sound + filter + "\ntotal_mem=1024\n";
        const CardCheck result = check(folder, card);
        EXPECT_THAT(messages(result, "low-memory-changed"), ElementsAre(StartsWith(place))) << filter << '\n'
                                                                                            << listed(result);
    }
    card.boot["config.txt"] = sound + "[pi3]\ntotal_mem=1024\n";
    EXPECT_THAT(messages(check(folder, card), "low-memory-changed"), IsEmpty());
}

TEST(BoardChoice, ABoardThatTheScriptDoesNotKnowIsNotJudged) {
    const TemporaryFolder folder;
    CardRecipe card = card_for_all(folder);
    ScriptPlan plan = script_for_all();
    plan.board_trees.erase(plan.board_trees.begin());  // the Raspberry Pi 4 B
    plan.board_trees.pop_back();                       // the Compute Module 4
    card.boot["boot.scr"] = test::boot_scr(folder, render_script(plan));
    card.boot.erase("bcm2711-rpi-4-b.dtb");
    card.boot.erase("bcm2711-rpi-cm4.dtb");
    const CardCheck result = check(folder, card);
    EXPECT_THAT(result.diagnostics, IsEmpty()) << listed(result);
}

TEST(BoardChoice, AScriptThatTreatsOneBoardOtherwiseIsFollowedOnBoth) {
    const TemporaryFolder folder;
    CardRecipe card = test::good_card(folder);
    card.boot["boot.scr"] = test::boot_scr(
        folder, "if test \"${board_name}\" = 400; then fatload mmc 0:1 0x8000000 missing; fi\n" + test::good_script());
    const CardCheck result = check(folder, card);
    EXPECT_THAT(result.diagnostics, Contains(Field(&Diagnostic::message, StartsWith("on a Raspberry Pi 400: "))))
        << listed(result);
    EXPECT_THAT(messages(result, "script-missing-file"), Not(Contains(HasSubstr("Pi 4 B")))) << listed(result);
}

}  // namespace
}  // namespace rpixen
