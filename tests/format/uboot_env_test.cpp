#include "format/uboot_env.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rpixen/error.hpp>

#include "format/crc32.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

const UbootVariables variables{{"bootcmd", "run boot_xen"}, {"bootdelay", "2"}, {"fdt_addr", "2eff5a00"}};

std::string with_mkenvimage(const std::vector<std::string>& options) {
    const test::TemporaryFolder folder;
    std::string text;
    for (const auto& [name, value] : variables) text += name + "=" + value + "\n";
    std::vector<std::string> command{"mkenvimage", "-s", "0x4000", "-o", folder / "uboot.env"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(folder.write("env.txt", text));
    test::run_ok(command);
    return test::read_file(folder / "uboot.env");
}

TEST(UbootEnv, IsByteForByteMkenvimages) {
    EXPECT_EQ(as_text(make_uboot_env(variables)), with_mkenvimage({"-p", "0x0"}));
}

TEST(UbootEnv, ReadsBothForms) {
    const auto plain = parse_uboot_env(as_bytes(with_mkenvimage({})));
    ASSERT_TRUE(plain);
    EXPECT_TRUE(plain->crc_matches);
    EXPECT_FALSE(plain->redundant);
    EXPECT_EQ(plain->variables, variables);

    const auto redundant = parse_uboot_env(as_bytes(with_mkenvimage({"-r"})));
    ASSERT_TRUE(redundant);
    EXPECT_TRUE(redundant->crc_matches);
    EXPECT_TRUE(redundant->redundant);
    EXPECT_EQ(redundant->flag, 1);
    EXPECT_EQ(redundant->variables, variables);
}

TEST(UbootEnv, ReadsALongerFile) {
    const auto env = parse_uboot_env(as_bytes(with_mkenvimage({}) + std::string(100, 'x')));
    ASSERT_TRUE(env);
    EXPECT_TRUE(env->crc_matches);
}

TEST(UbootEnv, SeesDamageAndStillReadsTheVariables) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{}, {"-r"}}) {
        std::string file = with_mkenvimage(options);
        file[0x3fff] = static_cast<char>(file[0x3fff] ^ 1);
        const auto env = parse_uboot_env(as_bytes(file));
        ASSERT_TRUE(env);
        EXPECT_FALSE(env->crc_matches);
        EXPECT_EQ(env->redundant, !options.empty());
        EXPECT_EQ(env->variables, variables);
    }
    EXPECT_FALSE(parse_uboot_env(as_bytes("12345")));
    EXPECT_THAT(parse_uboot_env(as_bytes("1234abc"))->variables, IsEmpty());
}

TEST(UbootEnv, TooLargeOrImpossibleIsRefused) {
    try {
        make_uboot_env({{"long", std::string(0x4000, 'x')}});
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        EXPECT_THAT(error.what(), HasSubstr("at most 16380 bytes"));
    }
    for (const auto& [name, value] : UbootVariables{{"a=b", "c"}, {"", "c"}, {"a", std::string(1, '\0')}}) {
        try {
            make_uboot_env({{name, value}});
            FAIL() << "no error for " << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::manifest);
        }
    }
}

TEST(UbootEnv, FillsItsRoomExactly) {
    const Bytes full = make_uboot_env({{"a", std::string(0x4000 - 4 - 2 - 2, 'x')}});
    EXPECT_EQ(full.size(), 0x4000U);
    EXPECT_TRUE(parse_uboot_env(full)->crc_matches);
    EXPECT_THROW(make_uboot_env({{"a", std::string(0x4000 - 4 - 2 - 1, 'x')}}), Error);
}

TEST(UbootEnv, TheLastOfTwoValuesCounts) {
    EXPECT_EQ(find_variable({{"a", "1"}, {"a", "2"}}, "a"), "2");
    EXPECT_EQ(find_variable(variables, "nothing"), std::nullopt);
}

TEST(UbootDefaultEnv, IsFoundBetweenOtherStrings) {
    using namespace std::string_literals;
    const std::string program = "\x01\x02\x7f%s=%s\0bootcmd=%s\0usage: fatload\0\0"s + "\xd0\xff"s +
                                "bootcmd=run distro_bootcmd\0bootdelay=2\0fdt_addr_r=0x02600000\0"s +
                                "text=a\tb\n\0empty=\0\0rest=1\0\x01"s;
    EXPECT_THAT(find_default_env(as_bytes(program)),
                ElementsAre(Pair("bootcmd", "run distro_bootcmd"), Pair("bootdelay", "2"),
                            Pair("fdt_addr_r", "0x02600000"), Pair("text", "a\tb\n"), Pair("empty", "")));
}

TEST(UbootDefaultEnv, IsEmptyWhereThereIsNone) {
    EXPECT_THAT(find_default_env({}), IsEmpty());
    EXPECT_THAT(find_default_env(as_bytes("a=b")), IsEmpty());
    EXPECT_THAT(find_default_env(Bytes(10000, std::byte{0xff})), IsEmpty());
}

}  // namespace
}  // namespace rpixen
