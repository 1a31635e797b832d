#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "follow/uboot/recording.hpp"
#include "follow/uboot/shell.hpp"
#include "format/uboot_script.hpp"
#include "support/run.hpp"

// The evaluator against U-Boot: what it prints for every line that was typed at the prompt of an emulated
// board (record).

namespace rpixen {
namespace {

const std::string folder = std::string(RPIXEN_SOURCE_DIR) + "/tests/follow/uboot/recordings/";

/// Explanations of other parts of U-Boot, and what differs from run to run.
bool is_chatter(const std::string& line) {
    for (const char* begin : {"## Executing script",
                              "Can't set block device",
                              "Couldn't find partition",
                              "** ",
                              "MMC: no card",
                              "Could not find",
                              "switch to partitions",
                              "mmc0 is current",
                              "MMC Device",
                              "no mmc device",
                              "starting USB",
                              "No working controllers",
                              "No USB controllers",
                              "Working FDT set",
                              "Control fdt",
                              "Working fdt",
                              "libfdt ",
                              "error: ",
                              "Unexpected character",
                              "exit not allowed",
                              "Unknown operator",
                              "Unknown command '\xef\xbf\xbd"})
        if (line.starts_with(begin)) return true;
    return false;
}

/// Without chatter, blank lines and the text of `help`, which begins with the command's name and a dash.
std::vector<std::string> told(const std::string& printed) {
    std::vector<std::string> lines;
    std::istringstream text(printed);
    bool help = false;
    for (std::string line; std::getline(text, line);) {
        for (std::size_t place; (place = line.find('\r')) != std::string::npos;) line.replace(place, 1, "\\r");
        while (line.ends_with(' ')) line.pop_back();
        for (const char* name : {"setexpr - ", "env - ", "setenv - ", "part - ", "fdt - "})
            help = help || line.starts_with(name);
        if (help) {
            const bool number = line.size() == 1 && line[0] >= '0' && line[0] <= '9';
            if (!number) continue;
            help = false;
        }
        if (!line.empty() && !is_chatter(line)) lines.push_back(line);
    }
    return lines;
}

class Recording : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        recording = test::read_recording(folder + "recorded_" + GetParam() + ".txt");
        cases = test::read_recording(folder + "cases.txt");
        for (const test::RecordedCase& one : cases)
            for (const auto& [path, text] : one.files)
                files[path] = path.ends_with(".scr") ? std::string(as_text(make_uboot_script(text, 0, "test"))) : text;
        start.version = std::string(GetParam()) == "2023.01" ? 202301 : 202501;
        start.partitions = {{1, 0x800, 0x14000, "abcd1234-01", "mmcsda1", "fat", true},
                            {2, 0x14800, 0xa000, "abcd1234-02", "mmcsda2", "ext4", false}};
        start.environment["fdt_addr"] = "8000000";
        start.environment["loadaddr"] = "0x1000000";
        start.firmware_tree = memory_content(
            test::run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb", "-p", "8192", "-o", "-", "-"},
                         "/dts-v1/; / { model = \"Raspberry Pi 4 Model B\"; compatible = "
                         "\"raspberrypi,4-model-b\", \"brcm,bcm2711\"; #address-cells = <2>; #size-cells = <1>; "
                         "aliases { serial1 = \"/soc/serial@7e215040\"; }; chosen { }; soc { "
                         "serial@7e215040 { }; }; };"),
            "board.dtb");
        start.find_file = [this](unsigned partition, std::string path) -> std::optional<Content> {
            std::erase(path, '\0');
            while (path.starts_with("/")) path.erase(0, 1);
            if (const std::size_t twice = path.find("//"); twice != std::string::npos) path.erase(twice, 1);
            if (partition == 2 && (path == "etc/there.txt" || path == "etc/link.txt"))
                return memory_content(std::string_view("there\n"), path);
            if (path == "THING") path = "thing";  // a FAT does not care
            const auto found = files.find(path);
            if (partition != 1 || found == files.end()) return std::nullopt;
            return memory_content(std::string_view(found->second), path);
        };
    }

    std::vector<test::RecordedCase> recording;
    std::vector<test::RecordedCase> cases;
    std::map<std::string, std::string> files;
    UBootStart start;
};

TEST_P(Recording, EveryLineGivesWhatUBootPrints) {
    std::size_t lines = 0;
    for (const test::RecordedCase& one : recording) {
        Shell shell(start);
        for (const auto& [typed, printed] : one.lines) {
            ++lines;
            std::string text = typed;
            if (typed.starts_with("source ") && typed.find(".scr") != std::string::npos)
                text.replace(0, typed.find(".scr") + 4,
                             "load mmc 0:1 1000000 " + typed.substr(7, typed.find(".scr") - 3) + "; source 1000000");
            const std::size_t before = shell.run().console.size();
            shell.text({"the prompt", text}, "");
            EXPECT_EQ(told(shell.run().console.substr(before)), told(printed))
                << "case \"" << one.name << "\": " << typed;
        }
    }
    EXPECT_GE(lines, 400U);
}

TEST_P(Recording, HoldsTheLinesOfTheCases) {
    ASSERT_EQ(recording.size(), cases.size());
    for (std::size_t index = 0; index < cases.size(); ++index) {
        std::vector<std::string> typed;
        std::vector<std::string> wanted;
        for (const auto& [line, printed] : recording[index].lines) typed.push_back(line);
        for (const auto& [line, printed] : cases[index].lines) wanted.push_back(line);
        EXPECT_EQ(typed, wanted) << cases[index].name << ": record again";
    }
}

INSTANTIATE_TEST_SUITE_P(UBoot, Recording, ::testing::Values("2023.01", "2025.01"),
                         [](const auto& parameter) { return "v" + std::string(parameter.param).replace(4, 1, "_"); });

}  // namespace
}  // namespace rpixen
