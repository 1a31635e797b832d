#include "emulator/raspi4b_gaps.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

DeviceTree compiled(const std::string& source) {
    const test::TemporaryFolder folder;
    test::run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb", "-o", folder / "tree.dtb", folder.write("tree.dts", source)});
    return DeviceTree::parse(to_bytes(test::read_file(folder / "tree.dtb")), "tree.dtb");
}

// As in Linux: nodes under a /scb of either name, a compatible list, and the SDIO controller's power
// sequence.
constexpr const char* board = R"(/dts-v1/;
/ {
    compatible = "raspberrypi,4-model-b", "brcm,bcm2711";
    soc {
        intc: interrupt-controller@7ef00100 { compatible = "brcm,bcm2711-l2-intc", "brcm,l2-intc"; };
        serial@7e215040 { compatible = "brcm,bcm2835-aux-uart"; status = "okay"; };
        mmc@7e300000 { compatible = "brcm,bcm2835-sdhci"; mmc-pwrseq = <7>; bus-width = <4>; };
    };
    scb-bus@fc000000 { pcie@7d500000 { compatible = "brcm,bcm2711-pcie"; }; };
    emmc2bus { mmc@7e340000 { compatible = "brcm,bcm2711-emmc2"; status = "okay"; }; };
};)";

TEST(Raspi4bGaps, hides_missing_devices_and_keeps_the_others) {
    DeviceTree tree = compiled(board);
    const Bytes before = tree.bytes();
    const std::vector<std::string> edits = apply_raspi4b_gaps(tree);
    EXPECT_EQ(edits.size(), 4u);
    EXPECT_NE(std::ranges::find(edits, "/scb-bus@fc000000/pcie@7d500000: no PCIe, so no USB"), edits.end());
    EXPECT_EQ(tree.strings("/soc/interrupt-controller@7ef00100", "compatible"),
              (std::vector<std::string>{"none,bcm2711-l2-intc", "none,l2-intc"}));
    EXPECT_EQ(tree.string("/emmc2bus/mmc@7e340000", "compatible"), "none,bcm2711-emmc2");
    EXPECT_EQ(tree.string("/soc/serial@7e215040", "compatible"), "brcm,bcm2835-aux-uart");
    EXPECT_EQ(tree.cell("/soc/mmc@7e300000", "mmc-pwrseq"), 0u);
    EXPECT_EQ(tree.cell("/soc/mmc@7e300000", "bus-width"), 4u);
    // U-Boot's `fdt resize` must find the room that it would find on a board.
    EXPECT_EQ(tree.bytes().size(), before.size());
    EXPECT_EQ(tree.used_size(), DeviceTree::parse(before, "before").used_size());
}

TEST(Raspi4bGaps, has_nothing_to_say_twice) {
    DeviceTree tree = compiled(board);
    apply_raspi4b_gaps(tree);
    const Bytes once = tree.bytes();
    // The dead reference is still a property; it stays as it is.
    EXPECT_LE(apply_raspi4b_gaps(tree).size(), 1u);
    EXPECT_EQ(tree.bytes(), once);
}

}  // namespace
}  // namespace rpixen
