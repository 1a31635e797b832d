#include "format/uboot_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string with_mkimage(const std::string& input, const std::string& name, const std::string& time) {
    const test::TemporaryFolder folder;
    const test::Run made = test::run(
        {"mkimage", "-A", "arm64", "-T", "script", "-C", "none", "-n", name, "-d", input, folder / "boot.scr"}, {},
        {"SOURCE_DATE_EPOCH=" + time});
    EXPECT_EQ(made.status, 0) << made.out << made.err;
    return test::read_file(folder / "boot.scr");
}

class SameAsMkimage : public testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(SameAsMkimage, ByteForByte) {
    const auto& [text, name] = GetParam();
    const test::TemporaryFolder folder;
    const std::string expected = with_mkimage(folder.write("boot.cmd", text), name, "1700000000");
    EXPECT_EQ(as_text(make_uboot_script(text, 1700000000, name)), expected);
}

INSTANTIATE_TEST_SUITE_P(UbootScript, SameAsMkimage,
                         testing::Values(std::pair("echo hello\nbooti 0x200000 - 0x2600000\n", "boot"),
                                         std::pair("x", ""), std::pair("odd length", "Xen on Raspberry Pi 4"),
                                         std::pair(std::string(70000, '#') + "\n", std::string(31, 'n')),
                                         std::pair("long name", std::string(32, 'n')),
                                         std::pair("longer name", std::string(50, 'n')),
                                         std::pair("echo \xc3\xa4\xf0\x9f\x8d\x93\n", "\xc3\xa4")));

TEST(UbootScript, IsAcceptedByDumpimage) {
    const test::TemporaryFolder folder;
    const std::string path = folder.write("boot.scr",
                                          as_text(make_uboot_script("echo hello\n", 1700000000, "boot script")));
    const std::string listing = test::run_ok({"dumpimage", "-l", path});
    EXPECT_THAT(listing, HasSubstr("boot script"));
    EXPECT_THAT(listing, HasSubstr("AArch64 Linux Script (uncompressed)"));
    EXPECT_THAT(listing, HasSubstr("Image 0: 11 Bytes"));
    test::run_ok({"dumpimage", "-T", "script", "-p", "0", "-o", folder / "text", path});
    EXPECT_THAT(test::read_file(folder / "text"), testing::EndsWith("echo hello\n"));
}

TEST(UbootScript, IsReadBack) {
    const auto script = parse_uboot_script(make_uboot_script("echo hello\n", 1700000000, "boot"));
    ASSERT_TRUE(script);
    EXPECT_TRUE(script->intact());
    EXPECT_THAT(script->texts, ElementsAre("echo hello\n"));
    EXPECT_EQ(script->image.name, "boot");
    EXPECT_EQ(script->image.time, 1700000000U);
    EXPECT_EQ(script->image.architecture, UbootImage::Architecture::arm64);
}

TEST(UbootScript, SeveralTextsAreReadBack) {
    const test::TemporaryFolder folder;
    const std::string inputs = folder.write("a", "first\n") + ":" + folder.write("b", "second") + ":" +
                               folder.write("c", "3");
    const auto script = parse_uboot_script(as_bytes(with_mkimage(inputs, "three", "1")));
    ASSERT_TRUE(script);
    EXPECT_THAT(script->faults, ElementsAre());
    EXPECT_THAT(script->texts, ElementsAre("first\n", "second", "3"));
}

TEST(UbootScript, DamageIsNamed) {
    const Bytes good = make_uboot_script("echo hello\n", 1700000000, "boot");
    const auto faults = [](ByteView bytes) { return parse_uboot_script(bytes)->faults; };

    Bytes header = good;
    header[33] ^= std::byte{1};
    EXPECT_THAT(faults(header), ElementsAre(HasSubstr("CRC of its header")));

    Bytes data = good;
    data[74] ^= std::byte{1};
    EXPECT_THAT(faults(data), ElementsAre(HasSubstr("CRC of its data")));
    EXPECT_FALSE(parse_uboot_script(data)->data_crc_matches);

    EXPECT_THAT(faults(ByteView(good).first(75)),
                ElementsAre("it ends after 11 of 19 bytes of data", "its text ends after 3 of 11 bytes"));
    EXPECT_THAT(faults(ByteView(good).first(66)),
                ElementsAre(HasSubstr("ends after 2 of"), HasSubstr("table of sizes has no end")));
    EXPECT_THAT(faults(make_uboot_script("", 0, "")), ElementsAre("it is empty"));
}

TEST(UbootScript, HostileSizesAreSafe) {
    Bytes data(12);
    store_be<std::uint32_t>(data.data(), 0xfffffffd);
    store_be<std::uint32_t>(data.data() + 4, 0xfffffffd);
    const auto script = parse_uboot_script(make_uboot_image({}, data));
    ASSERT_TRUE(script);
    EXPECT_FALSE(script->intact());
}

TEST(UbootScript, OtherThingsAreNone) {
    EXPECT_FALSE(parse_uboot_script(as_bytes("echo hello\n")));
    UbootImage kernel;
    kernel.type = UbootImage::Type::kernel;
    EXPECT_FALSE(parse_uboot_script(make_uboot_image(kernel, as_bytes("data"))));
    const auto image = parse_uboot_image(make_uboot_image(kernel, as_bytes("data")));
    ASSERT_TRUE(image);
    EXPECT_EQ(image->type, UbootImage::Type::kernel);
    EXPECT_EQ(image->data_size, 4U);
}

}  // namespace
}  // namespace rpixen
