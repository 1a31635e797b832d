#include <gmock/gmock.h>

#include <functional>

#include <rpixen/console.hpp>
#include <rpixen/error.hpp>

#include "support/temporary_folder.hpp"

// The logs are what QEMU's raspi4b said of cards from Debian 12's artifacts (docs/boot-flow.md).

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string recorded(const std::string& name) {
    return test::read_file(std::string(RPIXEN_LOGS) + "/" + name + ".log");
}

LogReading read(const std::string& text) {
    const test::TemporaryFolder folder;
    return read_boot_log(folder.write("serial.log", text));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        lines.push_back(text.substr(at, end - at));
        at = end;
    }
    return lines;
}

std::string each(const std::string& text, const std::function<std::string(std::size_t, std::string)>& change) {
    std::string out;
    std::size_t number = 0;
    for (const std::string& line : lines_of(text)) out += change(++number, line);
    return out;
}

struct Failure {
    const char* log;
    BootStage reached;
    BootStage failed;
    const char* cause;
    const char* rule;
    std::uint64_t line;
};

const std::vector<Failure> failures{
    {"overlay-no-room", BootStage::script, BootStage::device_tree, "could not apply an overlay", "overlay-no-room", 21},
    {"missing-xen-checked", BootStage::script, BootStage::xen, "load_xen failed: cannot read xen-raspberrypi4-64",
     "script-missing-file", 20},
    {"missing-xen-classic", BootStage::script, BootStage::xen, "cannot read a file of the card", "script-missing-file",
     19},
    {"dom0-mem", BootStage::xen, BootStage::dom0_kernel, "Failed to allocate requested dom0 memory. 7312MB",
     "dom0-mem-impossible", 84},
    {"reg-too-small", BootStage::xen, BootStage::dom0_kernel, "nothing more was heard", "dom0-reg-too-small", 99},
    {"wrong-root", BootStage::dom0_kernel, BootStage::root, "unable to mount root", "root-not-found", 216},
    {"wrong-root-initrd", BootStage::dom0_kernel, BootStage::root, "unable to mount root: /dev/mmcblk0p7",
     "root-not-found", 355},
};

void expect_failure(const LogReading& reading, const Failure& failure) {
    EXPECT_FALSE(reading.ok) << failure.log;
    EXPECT_EQ(reading.reached, failure.reached) << failure.log;
    EXPECT_EQ(reading.failed, failure.failed) << failure.log;
    EXPECT_THAT(reading.cause, HasSubstr(failure.cause)) << failure.log;
    ASSERT_FALSE(reading.rules.empty()) << failure.log;
    EXPECT_EQ(reading.rules.front(), failure.rule) << failure.log;
    EXPECT_FALSE(reading.change.empty()) << failure.log;
    EXPECT_EQ(reading.line, failure.line) << failure.log;
}

TEST(ReadLog, finds_the_cause_in_what_was_recorded) {
    for (const Failure& failure : failures) expect_failure(read(recorded(failure.log)), failure);
}

TEST(ReadLog, follows_a_good_boot_to_its_login) {
    const LogReading reading = read(recorded("login"));
    EXPECT_TRUE(reading.ok);
    EXPECT_EQ(reading.reached, BootStage::login);
    EXPECT_FALSE(reading.failed);
    EXPECT_EQ(reading.cause, "");
    EXPECT_EQ(reading.boots, 1U);
    ASSERT_EQ(reading.stages.size(), 7U);
    EXPECT_EQ(reading.stages[3].stage, BootStage::xen);
    EXPECT_EQ(reading.stages[3].line, 32U);
}

struct Recorder {
    const char* name;
    std::function<std::string(std::size_t, std::string)> change;
};

/// What stands between a board and a file.
const std::vector<Recorder> recorders{
    {"minicom with time stamps",
     [](std::size_t number, std::string line) {
         return "[2024-05-01 12:34:" + std::string(number % 2 == 0 ? "07" : "56") + ".123] " + line;
     }},
    {"moreutils' ts", [](std::size_t, std::string line) { return "May 01 12:34:56 " + line; }},
    {"grabserial",
     [](std::size_t number, std::string line) { return "[" + std::to_string(number) + ".123456 0.000123] " + line; }},
    {"a mail", [](std::size_t, std::string line) { return "> " + line; }},
    {"a forum: without carriage returns, indented",
     [](std::size_t, std::string line) {
         std::erase(line, '\r');
         return "    " + line;
     }},
    {"colours",
     [](std::size_t, std::string line) { return "\x1b[0;33m" + line.substr(0, line.size() - 1) + "\x1b[0m\n"; }},
    {"colours whose escape was lost",
     [](std::size_t, std::string line) { return "[0;33m" + line.substr(0, line.size() - 1) + "[0m\n"; }},
    {"UTF-16",
     [](std::size_t, const std::string& line) {
         std::string wide;
         for (const char c : line) (wide += c) += '\0';
         return wide;
     }},
};

TEST(ReadLog, sees_through_what_recorders_add) {
    for (const Recorder& recorder : recorders) {
        SCOPED_TRACE(recorder.name);
        EXPECT_TRUE(read(each(recorded("login"), recorder.change)).ok);
        for (const Failure& failure : failures)
            expect_failure(read(each(recorded(failure.log), recorder.change)), failure);
    }
}

TEST(ReadLog, takes_lines_that_end_in_a_carriage_return_alone) {
    std::string text = recorded("login");
    std::erase(text, '\n');
    EXPECT_TRUE(read(text).ok);
}

TEST(ReadLog, bears_lost_lines) {
    for (std::size_t lost = 0; lost < 3; ++lost) {
        const auto lose = [&](std::size_t number, const std::string& line) {
            return number % 3 == lost && line.find("login:") == std::string::npos ? std::string() : line;
        };
        const LogReading reading = read(each(recorded("login"), lose));
        EXPECT_TRUE(reading.ok) << lost << ": " << name_of(reading.reached) << ' ' << reading.cause;
    }
    // All of Xen's own.
    const auto without_xen = [](std::size_t, const std::string& line) {
        return line.starts_with("(XEN)") ? std::string() : line;
    };
    EXPECT_TRUE(read(each(recorded("login"), without_xen)).ok);
    // All of U-Boot's.
    const auto without_uboot = [](std::size_t number, const std::string& line) {
        return number < 32 ? std::string() : line;
    };
    EXPECT_TRUE(read(each(recorded("login"), without_uboot)).ok);
}

TEST(ReadLog, a_boot_that_was_cut_is_told_where_it_ends) {
    const std::vector<std::string> lines = lines_of(recorded("login"));
    const auto cut = [&](std::size_t after) {
        std::string text;
        for (std::size_t number = 0; number < after; ++number) text += lines[number];
        return read(text);
    };
    EXPECT_EQ(cut(10).reached, BootStage::uboot);
    const LogReading silent = cut(31);
    EXPECT_EQ(silent.reached, BootStage::device_tree);
    EXPECT_EQ(silent.failed, BootStage::xen);
    EXPECT_EQ(silent.rules.front(), "xen-console-missing");
    EXPECT_EQ(cut(50).reached, BootStage::xen);
    EXPECT_EQ(cut(150).reached, BootStage::dom0_kernel);
    EXPECT_EQ(cut(363).rules.front(), "no-getty-on-hvc0");
}

TEST(ReadLog, of_several_boots_the_last_counts) {
    const LogReading mended = read(recorded("dom0-mem") + recorded("login"));
    EXPECT_TRUE(mended.ok);
    EXPECT_EQ(mended.boots, 2U);
    EXPECT_EQ(mended.boot, 2U);
    const LogReading broken = read(recorded("login") + "\n" + recorded("dom0-mem"));
    EXPECT_EQ(broken.rules.front(), "dom0-mem-impossible");
    EXPECT_EQ(broken.boot, 2U);
    EXPECT_EQ(broken.line, lines_of(recorded("login")).size() + 84);
}

TEST(ReadLog, a_loop_whose_last_round_is_cut_is_told_by_the_round_before) {
    const std::string round = recorded("dom0-mem");
    const LogReading reading = read(round + round + round.substr(0, 500));
    EXPECT_EQ(reading.boots, 3U);
    EXPECT_EQ(reading.boot, 2U);
    EXPECT_EQ(reading.rules.front(), "dom0-mem-impossible");
}

TEST(ReadLog, what_is_no_boot_is_told_as_such) {
    const LogReading empty = read("");
    EXPECT_EQ(empty.reached, BootStage::none);
    EXPECT_EQ(empty.failed, BootStage::uboot);
    EXPECT_THAT(empty.cause, HasSubstr("empty"));
    EXPECT_EQ(empty.rules.front(), "uart-not-enabled");
    EXPECT_EQ(empty.boots, 0U);
    EXPECT_THAT(read("Dear all,\nmy board does nothing.\n").cause, HasSubstr("nothing in this log"));
    std::string noise;
    for (int i = 0; i < 5000; ++i) noise += static_cast<char>(0x80 + i % 120);
    EXPECT_THAT(read(noise).cause, HasSubstr("noise"));
}

TEST(ReadLog, hears_the_boot_loader_before_uboot) {
    const LogReading old = read(
        "RPi: BOOTLOADER release VERSION:c302dea0 DATE: Jun 15 2020\r\nRead start4.elf bytes 2759172\r\n"
        "start4.elf: is not compatible\r\nThis board requires newer software.\r\n");
    EXPECT_EQ(old.failed, BootStage::uboot);
    EXPECT_THAT(old.cause, HasSubstr("older than this board"));
    EXPECT_EQ(old.line, 3U);
}

TEST(ReadLog, commands_typed_at_the_prompt_are_no_failure) {
    std::string text = recorded("login");
    const std::size_t at = text.find("switch to partitions");
    text.insert(at, "U-Boot> printenv fdt_addr\r\nfdt_addr=8000000\r\nU-Boot>\r\nU-Boot> boot\r\n");
    EXPECT_TRUE(read(text).ok);
}

TEST(ReadLog, a_missing_or_endless_log_is_an_error) {
    const test::TemporaryFolder folder;
    for (const std::string& path : {folder / "nothing", folder.path().string()}) try {
            read_boot_log(path);
            FAIL() << path;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::artifact) << path;
        }
    try {
        read_boot_log("/dev/zero");
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(std::string(error.what()), HasSubstr("64 MiB"));
    }
}

}  // namespace
}  // namespace rpixen
