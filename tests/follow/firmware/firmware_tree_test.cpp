#include "follow/firmware/firmware_tree.hpp"

#include <gtest/gtest.h>

#include "devicetree/device_tree.hpp"
#include "follow/boot_files.hpp"
#include "follow/good_card.hpp"

// The tree that the GPU firmware hands over: what config.txt and cmdline.txt make of the card's own.

namespace rpixen {
namespace {

class FirmwareTreeTest : public ::testing::Test {
  protected:
    FirmwareTreeTest() {
        files["bcm2711-rpi-4-b.dtb"] = test::board_tree();
        files["overlays/note.dtbo"] = overlay("first");
        files["overlays/other.dtbo"] = overlay("second");
        files["config.txt"] = "enable_uart=1\n";
    }

    static std::string overlay(const std::string& name) {
        return test::compile_tree("/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/chosen\"; __overlay__ { " +
                                  name + "; }; }; };");
    }

    DeviceTree handed_over() {
        FileTree tree;
        for (const auto& [path, text] : files) {
            const ByteView bytes = as_bytes(text);
            tree.add_file(tree.locate(path), {}, memory_content(Bytes(bytes.begin(), bytes.end()), path));
        }
        FirmwareTree result = firmware_tree(tree, survey_firmware(tree, nullptr));
        overlays = result.overlays;
        there = result.content.has_value();
        if (!there) return DeviceTree::parse(as_bytes(test::board_tree()), "none");
        return DeviceTree::parse(read_all(*result.content), "handed over");
    }

    std::map<std::string, std::string> files;
    std::vector<OverlayFacts> overlays;
    bool there = false;
};

TEST_F(FirmwareTreeTest, WithoutAnythingItIsTheCards) {
    EXPECT_EQ(as_text(handed_over().bytes()), files["bcm2711-rpi-4-b.dtb"]);
    EXPECT_TRUE(overlays.empty());
    files.erase("bcm2711-rpi-4-b.dtb");
    handed_over();
    EXPECT_FALSE(there);
}

TEST_F(FirmwareTreeTest, OverlaysAreAppliedByName) {
    files["config.txt"] = "dtoverlay=note\ndtoverlay=other,speed=3\n[pi3]\ndtoverlay=gone\n";
    const DeviceTree tree = handed_over();
    EXPECT_TRUE(tree.property("/chosen", "first"));
    EXPECT_TRUE(tree.property("/chosen", "second"));
    EXPECT_EQ(overlays.size(), 2U);
    files["config.txt"] = "dtoverlay=note.dtbo\n";  // overlays/note.dtbo.dtbo
    EXPECT_FALSE(handed_over().property("/chosen", "first"));
}

TEST_F(FirmwareTreeTest, OneThatCannotBeAppliedIsLeftOut) {
    files["overlays/bad.dtbo"] = test::compile_tree(
        "/dts-v1/; /plugin/; / { fragment@0 { target = <&nobody>; __overlay__ { a; }; }; };");
    files["overlays/text.dtbo"] = "no tree";
    files["overlays/plain.dtbo"] = test::board_tree();
    files["config.txt"] = "dtoverlay=bad\ndtoverlay=text\ndtoverlay=plain\ndtoverlay=note\n";
    EXPECT_TRUE(handed_over().property("/chosen", "first"));
    ASSERT_EQ(overlays.size(), 4U);
    EXPECT_FALSE(overlays[0].failure.empty());
    EXPECT_FALSE(overlays[1].valid);
    EXPECT_FALSE(overlays[2].is_overlay);
    EXPECT_TRUE(overlays[3].failure.empty());
}

TEST_F(FirmwareTreeTest, CmdlineTxtBecomesBootargs) {
    files["cmdline.txt"] = "console=serial0,115200 root=/dev/mmcblk0p2\nsecond line\n";
    EXPECT_EQ(handed_over().string("/chosen", "bootargs"), "console=serial0,115200 root=/dev/mmcblk0p2");
    files["other.txt"] = "quiet";
    files["config.txt"] = "cmdline=other.txt\n";
    EXPECT_EQ(handed_over().string("/chosen", "bootargs"), "quiet");
}

TEST_F(FirmwareTreeTest, PrefixesAndAnotherTree) {
    files["a/overlays/note.dtbo"] = overlay("prefixed");
    files["a/cmdline.txt"] = "in a";
    files["mine.dtb"] = test::board_tree("mine { };");
    files["config.txt"] = "os_prefix=a/\ndevice_tree=mine.dtb\ndtoverlay=note\ndtoverlay=other\n";
    const DeviceTree tree = handed_over();
    EXPECT_TRUE(tree.has("/mine"));
    EXPECT_TRUE(tree.property("/chosen", "prefixed"));
    EXPECT_TRUE(tree.property("/chosen", "second")) << "what is not below os_prefix is taken from the root";
    EXPECT_EQ(tree.string("/chosen", "bootargs"), "in a");
}

}  // namespace
}  // namespace rpixen
