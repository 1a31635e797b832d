#include "boot/config_txt.hpp"

#include <gmock/gmock.h>

namespace rpixen {
namespace {

using ::testing::HasSubstr;

std::string render(const std::vector<std::string>& lines) {
    return render_config_txt(lines);
}

TEST(ConfigTxt, HasWhatXenNeedsAndTheUsersLines) {
    const std::string text = render({"dtparam=audio=on", "[pi4]", "arm_64bit=1", "max_framebuffers=2"});
    const auto comment_end = text.find('\n') + 1;
    EXPECT_EQ(text.substr(comment_end),
              "arm_64bit=1\nkernel=u-boot.bin\nenable_uart=1\nenable_gic=1\ndtparam=audio=on\n[pi4]\nmax_"
              "framebuffers=2\n");
}

TEST(ConfigTxt, RefusesEveryContradiction) {
    try {
        render({"kernel=kernel8.img", "enable_gic=0", "a\nb", "gpu_mem=16"});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        EXPECT_EQ(error.problems().size(), 3U);
        EXPECT_THAT(error.what(), HasSubstr("kernel=kernel8.img"));
        EXPECT_THAT(error.what(), HasSubstr("enable_gic=1"));
    }
}

TEST(ConfigTxt, IsReadWithItsSections) {
    const auto lines = parse_config_txt("# c\r\narm_64bit = 1\n[pi4]\n gpu_mem=76 \ninitramfs a b\n\n[all]\nx=y=z",
                                        "config.txt");
    ASSERT_EQ(lines.size(), 8U);
    EXPECT_EQ(lines[0].key, "");
    EXPECT_EQ(lines[0].text, "# c");
    EXPECT_EQ(lines[1].key, "arm_64bit");
    EXPECT_EQ(lines[3].section, "pi4");
    EXPECT_EQ(lines[3].key, "gpu_mem");
    EXPECT_EQ(lines[3].value, "76");
    EXPECT_EQ(lines[4].key, "initramfs");
    EXPECT_EQ(lines[4].value, "a b");
    EXPECT_EQ(lines[7].section, "all");
    EXPECT_EQ(lines[7].value, "y=z");
    EXPECT_EQ(lines[7].line, 8);
}

}  // namespace
}  // namespace rpixen
