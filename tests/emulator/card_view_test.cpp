#include "emulator/card_view.hpp"

#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "devicetree/device_tree.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

std::string content_of(const FileDescriptor& file) {
    return test::read_file("/proc/self/fd/" + std::to_string(file.get()));
}

/// A card of an MBR and a FAT32, made with the field's own tools.
class CardView_ : public testing::Test {
  protected:
    void SetUp() override {
        std::filesystem::resize_file(folder_.write("card.img", ""), 45 * MiB + 512);
        test::run_ok({"sfdisk", "-q", card_}, "label: dos\nstart=2048, size=81920, type=c\n");
        test::run_ok({"mkfs.fat", "-F", "32", "-s", "1", "--offset", "2048", card_, "40960"});
        put("u-boot.bin", "this is U-Boot");
        put("config.txt", "# kernel=nothing\n[pi3]\nkernel=other.bin\n[all]\r\nkernel=U-Boot.bin\r\n[pi4]\n");
        put("notes.txt", std::string(5000, 'n'));
        put("bcm2711-rpi-4-b.dtb", tree_);
        put("pi3.dtb", other_tree_);
    }
    void put(const std::string& name, const std::string& content) {
        test::run_ok({"mcopy", "-o", "-i", card_ + "@@1M", folder_.write("one", content), "::" + name});
    }
    std::string compiled(const std::string& source) {
        return test::run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb", folder_.write("tree.dts", source)});
    }
    ErrorCode refusal() {
        try {
            make_card_view(card_, folder_.path());
        } catch (const Error& error) {
            said_ = error.problems().front().text();
            return error.code();
        }
        return ErrorCode{};
    }

    test::TemporaryFolder folder_;
    std::string card_ = folder_ / "card.img";
    std::string tree_ = compiled(
        "/dts-v1/; / { compatible = \"raspberrypi,4-model-b\", \"brcm,bcm2711\"; "
        "pcie { compatible = \"brcm,bcm2711-pcie\"; }; };");
    std::string other_tree_ = compiled(
        "/dts-v1/; / { compatible = \"raspberrypi,3-model-b\", \"brcm,bcm2837\"; "
        "pcie { compatible = \"brcm,bcm2711-pcie\"; }; };");
    std::string said_;
};

TEST_F(CardView_, holds_what_the_firmware_would_load) {
    const CardView view = make_card_view(card_, folder_.path());
    EXPECT_EQ(content_of(view.uboot), "this is U-Boot");
    const std::string tree = content_of(view.device_tree);
    EXPECT_EQ(tree.size(), tree_.size());
    EXPECT_EQ(DeviceTree::parse(to_bytes(tree), "tree").string("/pcie", "compatible"), "none,bcm2711-pcie");
    EXPECT_EQ(view.edits, std::vector<std::string>{"bcm2711-rpi-4-b.dtb: /pcie: no PCIe, so no USB"});
}

TEST_F(CardView_, edits_the_view_and_never_the_image) {
    const std::string before = test::read_file(card_);
    const CardView view = make_card_view(card_, folder_.path());
    EXPECT_EQ(test::read_file(card_), before);

    // The backing file's name is a descriptor of this process: give QEMU's tool the path.
    const std::string copy = folder_.write("view.qcow2", content_of(view.disk));
    test::run_ok({"qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", card_, copy});
    test::run_ok({"qemu-img", "convert", "-f", "qcow2", "-O", "raw", copy, folder_ / "seen.img"});
    EXPECT_EQ(std::filesystem::file_size(folder_ / "seen.img"), 64 * MiB);
    const auto seen = [&](const std::string& name) {
        return test::run_ok({"mtype", "-i", folder_ / "seen.img@@1M", "::" + name});
    };
    EXPECT_EQ(seen("bcm2711-rpi-4-b.dtb"), content_of(view.device_tree));
    EXPECT_EQ(seen("pi3.dtb"), other_tree_);  // not this board's
    EXPECT_EQ(seen("notes.txt"), std::string(5000, 'n'));
    EXPECT_EQ(seen("u-boot.bin"), "this is U-Boot");
}

TEST_F(CardView_, leaves_no_file_behind) {
    const test::TemporaryFolder scratch;
    const CardView view = make_card_view(card_, scratch.path());
    EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST_F(CardView_, takes_a_compressed_card) {
    test::run_ok({"zstd", "-q", card_});
    EXPECT_EQ(content_of(make_card_view(card_ + ".zst", folder_.path()).uboot), "this is U-Boot");
}

TEST_F(CardView_, names_what_the_card_lacks) {
    put("config.txt", "kernel=missing.bin\ndevice_tree=gone.dtb\n");
    EXPECT_EQ(refusal(), ErrorCode::artifact);
    EXPECT_NE(said_.find("missing.bin"), std::string::npos) << said_;
}

TEST_F(CardView_, refuses_the_tree_of_another_board) {
    put("bcm2711-rpi-4-b.dtb", other_tree_);
    EXPECT_EQ(refusal(), ErrorCode::artifact);
    EXPECT_NE(said_.find("Raspberry Pi 4"), std::string::npos) << said_;
}

TEST_F(CardView_, refuses_what_is_no_card) {
    card_ = folder_.write("empty.img", std::string(64 * KiB, '\0'));
    EXPECT_EQ(refusal(), ErrorCode::artifact);
    card_ = folder_ / "nowhere.img";
    EXPECT_EQ(refusal(), ErrorCode::artifact);
}

}  // namespace
}  // namespace rpixen
