#include "follow/uboot/uboot_shell.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format/uboot_script.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string compile(const std::string& source, bool symbols = false) {
    std::vector<std::string> command{"dtc", "-q", "-I", "dts", "-O", "dtb", "-o", "-", "-"};
    if (symbols) command.insert(command.begin() + 1, "-@");
    return test::run_ok(command, source);
}

std::string arm64_image(std::size_t size) {
    std::string image(size, '\0');
    image.replace(56, 4, "ARM\x64");
    return image;
}

class Shell : public ::testing::Test {
  protected:
    Shell() {
        files["Image"] = arm64_image(100000);
        files["xen"] = arm64_image(5000);
        files["board.dtb"] = compile(
            "/dts-v1/; / { compatible = \"brcm,bcm2711\"; #address-cells = <2>; #size-cells = <1>; chosen { "
            "}; soc { a = <1>; }; };");
        files["xen.dtbo"] = compile(
            "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/chosen\"; __overlay__ { #address-cells = "
            "<1>; #size-cells = <1>;"
            " dom0 { compatible = \"xen,linux-zimage\", \"xen,multiboot-module\"; reg = <0x480000 0xf80000>; "
            "}; }; }; };");
        files["scb.dtbo"] = compile(
            "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/scb\"; __overlay__ { b; }; }; };");
        start.find_file = [this](unsigned partition, const std::string& path) -> std::optional<Content> {
            const auto found = files.find(path);
            if (partition != 1 || found == files.end()) return std::nullopt;
            return memory_content(found->second, path);
        };
    }
    UBootRun run(const std::string& text) { return run_uboot(start, {"boot.scr", text}); }

    std::map<std::string, std::string> files;
    UBootStart start;
};

TEST_F(Shell, SetsAndRunsVariables) {
    const UBootRun result = run(
        "setenv a b c; setenv d \"${a} ${devtype}\"; setenv e 'setenv f ${a}'; setenv a x; run e; setenv "
        "d2 $d; setenv gone 1; setenv gone\ng=h");
    EXPECT_EQ(result.environment.at("d"), "b c mmc");
    EXPECT_EQ(result.environment.at("f"), "x");
    EXPECT_EQ(result.environment.at("d2"), "b c mmc");
    EXPECT_FALSE(result.environment.contains("gone"));
    EXPECT_FALSE(result.environment.contains("g")) << "a variable of the shell, not of the environment";
    EXPECT_THAT(result.unfollowed, IsEmpty());
}

TEST_F(Shell, FollowsConditions) {
    const UBootRun result = run(
        "if test -n \"${nothing}\"; then setenv a wrong; elif test 0x${devnum} -eq 0x0 -a mmc = "
        "${devtype}; then setenv a right; else setenv a wrong; fi\n"
        "setenv b right; false && setenv b wrong || setenv b skipped too; true || setenv b wrong\n"
        "if test -e mmc 0:1 Image; then setenv c right; fi; if test ! -e mmc 0:1 none; then setenv d "
        "right; fi\n"
        "for i in 1 2 3; do setenv e ${e}${i}; done\nif itest 10 -eq 0x10; then setenv f right; fi; "
        "setexpr g ff + 1\n"
        "setenv h 'false; true'; if run h; then setenv i right; fi; false; setenv j $?; env exists j && "
        "env set k right");
    EXPECT_EQ(result.environment.at("a"), "right");
    EXPECT_EQ(result.environment.at("b"), "right");
    EXPECT_EQ(result.environment.at("c"), "right");
    EXPECT_EQ(result.environment.at("d"), "right");
    EXPECT_EQ(result.environment.at("e"), "123");
    EXPECT_EQ(result.environment.at("f"), "right");
    EXPECT_EQ(result.environment.at("g"), "100");
    EXPECT_EQ(result.environment.at("i"), "right");
    EXPECT_EQ(result.environment.at("j"), "1");
    EXPECT_EQ(result.environment.at("k"), "right");
}

const std::string good_script =
    "fatload ${devtype} ${devnum}:${distro_bootpart} 0x2600000 board.dtb && fdt addr 0x2600000 && fdt resize "
    "0x1000 && "
    "fatload ${devtype} ${devnum}:${distro_bootpart} 0x18000 xen.dtbo && fdt apply 0x18000 && "
    "fatload ${devtype} ${devnum}:${distro_bootpart} 0x200000 xen && fatload ${devtype} "
    "${devnum}:${distro_bootpart} 480000 Image && "
    "booti 0x200000 - 0x2600000 || echo failed";

TEST_F(Shell, LoadsAppliesAndBoots) {
    const UBootRun result = run(good_script);
    ASSERT_TRUE(result.booti);
    EXPECT_TRUE(result.started);
    EXPECT_EQ(result.booti->image, "0x200000");
    EXPECT_EQ(result.booti->initrd, "-");
    ASSERT_EQ(result.memory.objects.size(), 4U);
    EXPECT_EQ(result.memory.objects[3].file, "Image");
    EXPECT_EQ(result.memory.objects[3].range(), (Range{0x480000, 0x480000 + 100000}));
    EXPECT_EQ(result.environment.at("filesize"), "186a0");
    ASSERT_EQ(result.memory.overlays.size(), 1U);
    EXPECT_EQ(result.memory.overlays[0].failure, "");
    EXPECT_GE(*result.memory.overlays[0].room, 0x1000U);
    EXPECT_TRUE(result.memory.objects[0].tree->has("/chosen/dom0"));
    EXPECT_THAT(result.unfollowed, IsEmpty());
    EXPECT_THAT(result.fixed_devices, IsEmpty());
    EXPECT_THAT(unchecked_steps(start, {"boot.scr", good_script}, result), IsEmpty());
}

TEST_F(Shell, StepsJoinedWithSemicolonsAreUnchecked) {
    std::string script = good_script;
    for (std::size_t place; (place = script.find("&&")) != std::string::npos;) script.replace(place, 2, ";");
    const UBootRun result = run(script);
    EXPECT_TRUE(result.started);
    const auto unchecked = unchecked_steps(start, {"boot.scr", script}, result);
    EXPECT_EQ(unchecked.size(), 7U) << ::testing::PrintToString(unchecked);
    EXPECT_EQ(unchecked.front(), "fatload mmc 0:1 0x2600000 board.dtb (line 1)");
}

TEST_F(Shell, AStepThatIsTestedInsideAVariableIsChecked) {
    const std::string script =
        "setenv tree 'fatload mmc 0:1 2600000 board.dtb && fdt addr 2600000'; setenv xen 'fatload mmc 0:1 "
        "200000 xen'\n"
        "if run tree; then run xen; booti 200000 - 2600000; else echo no tree; fi";
    const UBootRun result = run(script);
    EXPECT_TRUE(result.started);
    EXPECT_THAT(unchecked_steps(start, {"boot.scr", script}, result),
                ElementsAre("fatload mmc 0:1 200000 xen (in xen)"));
    EXPECT_THAT(result.fixed_devices, ElementsAre("mmc 0:1 (in tree)", "mmc 0:1 (in xen)"));
}

TEST_F(Shell, AChainThatIsGivenUpSilentlyIsUnchecked) {
    // The original boot_xen: each part is a chain, and the parts are joined with semicolons.
    const std::string script =
        "setenv tree 'fatload mmc 0:1 2600000 board.dtb && fdt addr 2600000'; setenv xen 'fatload mmc 0:1 "
        "200000 xen'\n"
        "run tree; run xen; booti 200000 - 2600000";
    const UBootRun result = run(script);
    EXPECT_THAT(unchecked_steps(start, {"boot.scr", script}, result),
                ElementsAre("fatload mmc 0:1 2600000 board.dtb (in tree)", "fdt addr 2600000 (in tree)",
                            "fatload mmc 0:1 200000 xen (in xen)"));
}

TEST_F(Shell, AnotherWayIsNotice) {
    const std::string script =
        "fatload mmc 0:1 200000 xen || fatload mmc 0:1 200000 xen.old; fatload mmc 0:1 2600000 board.dtb || "
        "exit; booti 200000 - 2600000";
    EXPECT_THAT(unchecked_steps(start, {"boot.scr", script}, run(script)), IsEmpty());
}

TEST_F(Shell, ATreeWithoutRoomIsDestroyed) {
    // Exactly the tree's own size: no resize, so there is no room.
    const UBootRun result = run(
        "fatload mmc 0:1 2600000 board.dtb; fdt addr 2600000; fatload mmc 0:1 18000 xen.dtbo; fdt apply "
        "18000; fatload mmc 0:1 200000 xen; "
        "booti 200000 - 2600000");
    ASSERT_EQ(result.memory.overlays.size(), 1U);
    EXPECT_LT(*result.memory.overlays[0].room, *result.memory.overlays[0].needed);
    EXPECT_FALSE(result.memory.overlays[0].resized);
    EXPECT_FALSE(result.memory.overlays[0].base_kept);
    ASSERT_TRUE(result.booti);
    EXPECT_FALSE(result.started);
    EXPECT_FALSE(result.booti->has_tree);
}

TEST_F(Shell, RoomIsWhatUBootsFormulaGives) {
    for (const std::uint64_t address : {0x2600000ULL, 0x2600008ULL, 0x2600f00ULL, 0x2eff5a00ULL}) {
        const std::string text = format_address(address);
        const UBootRun result = run("fatload mmc 0:1 " + text + " board.dtb && fdt addr " + text +
                                    " && fdt resize 40 && fatload mmc 0:1 18000 xen.dtbo && fdt apply 18000");
        ASSERT_EQ(result.memory.overlays.size(), 1U);
        const std::uint64_t used = DeviceTree::parse(as_bytes(files["board.dtb"]), "t").used_size();
        const std::uint64_t low = address & 0xfff;
        EXPECT_EQ(result.memory.overlays[0].room,
                  ((used + 80 + 0x40 + low + 0xfff) & ~std::uint64_t{0xfff}) - low - used)
            << text;
    }
}

TEST_F(Shell, ACopyKeepsTheBase) {
    const UBootRun result = run(
        "fatload mmc 0:1 2800000 board.dtb && fdt addr 2800000 && fdt move 2800000 2600000 4000 && "
        "fatload mmc 0:1 18000 scb.dtbo && fdt apply 18000 || "
        "fdt addr 2800000; fatload mmc 0:1 200000 xen; booti 200000 - 2800000");
    EXPECT_TRUE(result.started);
    ASSERT_EQ(result.memory.overlays.size(), 1U);
    EXPECT_TRUE(result.memory.overlays[0].base_kept);
    EXPECT_EQ(result.memory.overlays[0].missing_target, "/scb");
    EXPECT_EQ(result.memory.overlays[0].failure, "FDT_ERR_NOTFOUND");
}

TEST_F(Shell, EditsTheTree) {
    const UBootRun result = run(
        "fatload mmc 0:1 2600000 board.dtb && fdt addr 2600000 2000 && fdt mknod /chosen dom0 && fdt set "
        "/chosen/dom0 reg <0x480000 0x100> && "
        "fdt set /chosen/dom0 compatible \"xen,linux-zimage\" \"xen,multiboot-module\" && fdt set /chosen "
        "bytes [01 02] && fdt get value x /chosen/dom0 compatible && "
        "fdt get value y /chosen/dom0 reg 1 && fdt rm /soc a && setenv done yes; fdt rm /scb/pcie@7d500000");
    ASSERT_TRUE(result.environment.contains("done"));
    EXPECT_EQ(result.environment.at("x"), "xen,linux-zimage");
    EXPECT_EQ(result.environment.at("y"), "0x00000100");
    const DeviceTree& tree = *result.memory.objects[0].tree;
    EXPECT_THAT(tree.cells("/chosen/dom0", "reg"), ElementsAre(0x480000U, 0x100U));
    EXPECT_THAT(tree.strings("/chosen/dom0", "compatible"), ElementsAre("xen,linux-zimage", "xen,multiboot-module"));
    EXPECT_FALSE(tree.property("/soc", "a"));
    EXPECT_THAT(result.missing_nodes, ElementsAre("/scb/pcie@7d500000 (line 1)"));
}

TEST_F(Shell, AnEditWithoutRoomFails) {
    const UBootRun result = run(
        "fatload mmc 0:1 2600000 board.dtb; fdt addr 2600000; fdt mknod /chosen dom0 && setenv done yes");
    EXPECT_FALSE(result.environment.contains("done"));
}

TEST_F(Shell, MissingFilesAreNamedUnlessTheScriptTriesThem) {
    const UBootRun result = run(
        "fatload mmc 0:1 480000 Image.gz || fatload mmc 0:1 480000 Image; if fatload mmc 0:1 0 extra; "
        "then true; fi; fatload mmc 0:1 1000 none; "
        "fatload mmc 0:2 1000 Image");
    EXPECT_THAT(result.missing_files, ElementsAre("none (line 1)", "Image (line 1)"));
    EXPECT_THAT(result.optional_files, ElementsAre("Image.gz (line 1)", "extra (line 1)"));
}

TEST_F(Shell, DecimalNumbersAreSeen) {
    EXPECT_THAT(run("fatload mmc 0:1 2600000 board.dtb; fdt addr 2600000; fdt resize 1024; fdt resize 1000; "
                    "fdt resize 0x400")
                    .decimal_numbers,
                ElementsAre("fdt resize 1024 (line 1)"));
}

TEST_F(Shell, FdtAddrIsWatched) {
    const UBootRun result = run("fatload mmc 0:1 ${fdt_addr} board.dtb");
    EXPECT_TRUE(result.loads_tree_to_fdt_addr);
    EXPECT_TRUE(result.uses_fdt_addr);
    EXPECT_FALSE(run("fatload mmc 0:1 ${fdt_addr_r} board.dtb").uses_fdt_addr);
}

TEST_F(Shell, TheFirmwaresTreeCanBeUsed) {
    start.firmware_tree = memory_content(files["board.dtb"], "board.dtb");
    start.environment["fdt_addr"] = "2eff5a00";
    const UBootRun result = run("fdt addr ${fdt_addr} && fatload mmc 0:1 200000 xen && booti 200000 - ${fdt_addr}");
    EXPECT_TRUE(result.started);
    EXPECT_EQ(result.booti->tree, "2eff5a00");
}

TEST_F(Shell, ASavedBootcmdFindsBootScr) {
    start.boot_script = UBootScriptText{
        "boot.scr", "fatload mmc 0:1 2600000 board.dtb; fatload mmc 0:1 200000 xen; booti 200000 - 2600000"};
    start.environment["distro_bootcmd"] = "never looked at";
    EXPECT_TRUE(run_uboot(start, {"bootcmd", "run distro_bootcmd"}).started);
    EXPECT_TRUE(run_uboot(start, {"bootcmd", "bootflow scan -lb"}).started);
}

TEST_F(Shell, SourceRunsAScriptImage) {
    files["more.scr"] = std::string(as_text(make_uboot_script("setenv a b; exit 1; setenv a c", 0, "more")));
    const UBootRun result = run("fatload mmc 0:1 1000000 more.scr && source 1000000; setenv d e");
    EXPECT_EQ(result.environment.at("a"), "b");
    EXPECT_EQ(result.environment.at("d"), "e");
}

TEST_F(Shell, ATextEnvironmentIsImported) {
    files["uEnv.txt"] = "# comment\na=b c\r\nbad line\nd=\n";
    const std::string load = "setenv d old; load mmc 0:1 ${loadaddr} uEnv.txt; ";
    UBootRun result = run(load + "env import -t -r ${loadaddr} ${filesize}");
    EXPECT_EQ(result.environment.at("a"), "b c");
    EXPECT_FALSE(result.environment.contains("d"));
    EXPECT_THAT(result.carriage_returns, IsEmpty());
    result = run(load + "env import -t ${loadaddr} ${filesize}");
    EXPECT_EQ(result.environment.at("a"), "b c\r");
    EXPECT_THAT(result.carriage_returns, ElementsAre("uEnv.txt, imported without -r (line 1)"));
}

TEST_F(Shell, DevicesThatAreNotThereAreNamed) {
    const UBootRun result = run(
        "fatload mmc 1:1 200000 xen\nfatload mmc 0:1 200000 xen\nif load mmc 2:1 200000 xen; then true; "
        "fi; mmc dev 1");
    EXPECT_THAT(result.absent_devices, ElementsAre("mmc 1 (line 1)"));
    EXPECT_THAT(result.optional_devices, ElementsAre("mmc 2 (line 3)", "mmc 1 (line 3)"));
    EXPECT_THAT(result.missing_files, IsEmpty());
    start.card_number = 1;
    EXPECT_THAT(
        run("fatload mmc 1:1 200000 xen; fatload ${devtype} ${devnum}:${distro_bootpart} 200000 xen").absent_devices,
        IsEmpty());
    start.partitions = {{1, 0x2000, 0x1000, "u-1", "boot", "fat", true},
                        {2, 0x3000, 0x1000, "u-2", "root", "ext4", false}};
    EXPECT_THAT(
        run("load mmc 1:3 0 xen; load mmc 1#nosuch 0 xen; load mmc 1#boot 0 xen; load mmc 1:auto 0 xen").absent_devices,
        ElementsAre("mmc 1:3 (line 1)", "mmc 1#nosuch (line 1)"));
    EXPECT_EQ(run("part number mmc 1 root n").environment.at("n"), "0x2");
}

TEST_F(Shell, WhetherAUsbDiskIsThereIsNotKnown) {
    const UBootRun result = run("if load usb 0:1 200000 xen; then setenv a usb; else load mmc 0:1 200000 xen; fi");
    EXPECT_THAT(result.unfollowed, ElementsAre(HasSubstr("usb 0: what is on it")));
    EXPECT_FALSE(result.environment.contains("a"));
    EXPECT_EQ(result.memory.objects.size(), 1U);
}

TEST_F(Shell, UBootsOwnTreeCanBeUsed) {
    start.firmware_tree = memory_content(files["board.dtb"], "board.dtb");
    const UBootRun result = run(
        "fdt addr -c && fdt addr $fdtcontroladdr && fdt resize 1000 && fdt set /chosen a b && "
        "fatload mmc 0:1 200000 xen && booti 200000 - $fdtcontroladdr");
    EXPECT_TRUE(result.started);
}

TEST_F(Shell, ATreeThatIsNotThereIsNamedAsGiven) {
    const UBootRun result = run(
        "fatload mmc 0:1 3600000 board.dtb; fatload mmc 0:1 200000 xen; booti 200000 - 36000000");
    ASSERT_TRUE(result.booti);
    EXPECT_EQ(result.booti->tree, "36000000");
    EXPECT_FALSE(result.booti->has_tree);
}

TEST_F(Shell, WhatItCannotFollowIsSaid) {
    const UBootRun result = run("echo hello\nfrobnicate 1 2\nbootefi 480000");
    EXPECT_THAT(result.unfollowed, ElementsAre("frobnicate 1 2 (line 2)", "bootefi 480000 (line 3)"));
}

TEST_F(Shell, EndlessScriptsEnd) {
    const auto bound = [&](const std::string& text) {
        const UBootRun result = run(text);
        return result.unfollowed.empty() ? std::string() : result.unfollowed.front();
    };
    EXPECT_THAT(bound("while true; do true; done"), HasSubstr("more than 10000 commands"));
    EXPECT_THAT(bound("while a=b; do c=d; done"), HasSubstr("more than 200000 steps"));
    EXPECT_THAT(bound("setenv a 'run a'; run a"), HasSubstr("nested too deeply"));
    EXPECT_THAT(bound("setenv a 'run a; run a'; run a"), HasSubstr("nested too deeply"));
    std::string doubling = "setenv a xxxxxxxxxxxxxxxx\n";
    for (int index = 0; index < 64; ++index) doubling += "setenv a \"${a}${a}\"\n";
    EXPECT_THAT(bound(doubling), HasSubstr("more than 64 KiB in the variable a"));
    const std::string big = "setenv a " + std::string(60000, 'x') + "\n";
    std::string words = "echo";
    for (int index = 0; index < 100; ++index) words += " ${a}";
    EXPECT_THAT(bound(big + words), HasSubstr("more than 1 MiB in a command"));
    EXPECT_THAT(bound(big + "setenv i 0; while true; do setexpr i ${i} + 1; setenv v${i} ${a}; done"),
                HasSubstr("more than 4 MiB of variables"));
    EXPECT_THAT(bound(big + "while true; do echo ${a}; done"), HasSubstr("MiB of work"));
    EXPECT_THAT(bound(big + "while true; do l1=${a}; done"), HasSubstr("more than"));
    std::string many = "setenv l '";
    for (int index = 0; index < 5000; ++index) many += "x ";
    EXPECT_THAT(bound(many + "'\nfor i in ${l}; do echo $i; done"), HasSubstr("more than 4096 words in a for"));
}

TEST_F(Shell, StrangeArgumentsAreSurvived) {
    files["empty"] = "";
    files["text"] = "not a tree";
    for (const char* text :
         {"fdt",
          "fdt addr",
          "fdt addr zz",
          "fdt apply",
          "fdt apply 0",
          "fdt resize",
          "fdt move",
          "fdt move 0 0 0",
          "fdt set",
          "fdt get",
          "booti",
          "booti 1",
          "load",
          "load mmc",
          "load mmc 0:1",
          "load mmc 0:zz 0 Image",
          "load mmc 0:1 ffffffffffffffff Image",
          "test",
          "[",
          "[ ]",
          "test -e",
          "itest",
          "setexpr",
          "setexpr a",
          "env",
          "env import",
          "env import -t 0",
          "source",
          "run",
          "run none",
          "part",
          "part uuid mmc 0:1 x",
          "setenv",
          "setenv -f",
          "for",
          "=",
          "a=b=c",
          "exit",
          "size",
          "fatload mmc 0:1 2600000 empty; fdt addr 2600000; fdt apply 2600000",
          "fatload mmc 0:1 2600000 text; fdt addr 2600000; booti 2600000 - 2600000",
          "fatload mmc 0:1 2600000 board.dtb; fdt addr 2600000; fdt apply 2600000; fdt addr 2600000; fdt "
          "resize ffffffffffffffff; fdt set / x <; fdt set / x [zz; fdt rm /; fdt mknod / a/b; "
          "fdt set nosuchalias x 1; fdt addr 2600000 ffffffffffffffff"})
        run(text);
}

}  // namespace
}  // namespace rpixen
