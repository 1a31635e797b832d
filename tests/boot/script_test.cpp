#include "boot/script.hpp"

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using ::testing::HasSubstr;
using ::testing::Not;

std::string without_comments(const std::string& script) {
    std::string result;
    std::istringstream lines(script);
    for (std::string line; std::getline(lines, line);)
        if (!line.starts_with('#')) result += line + "\n";
    return result;
}

ScriptPlan simple(ScriptFlavour flavour = ScriptFlavour::checked) {
    ScriptPlan plan;
    plan.flavour = flavour;
    plan.bootargs = "console=hvc0";
    plan.xen = 0x200000;
    plan.modules[ModuleKind::kernel] = {0x480000, 0x500000};
    plan.tree = 0x2600000;
    return plan;
}

Error refusal(const ScriptPlan& plan) {
    try {
        render_script(plan);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
        return error;
    }
    throw std::runtime_error("not refused");
}

TEST(Classic, IsTheOriginalWordForWord) {
    BootInputs inputs;
    inputs.manifest.script = ScriptFlavour::classic;
    inputs.manifest.apply_overlays = OverlayMoment::boot;
    // A bare `fdt resize` leaves 80 bytes for certain and the overlay needs more: the number is what cannot
    // stay.
    EXPECT_EQ(without_comments(inputs.plan().script),
              "setenv bootargs 'console=hvc0 clk_ignore_unused root=/dev/mmcblk0p2 rootwait'\n"
              "setenv do_dtbsetup 'fatload mmc 0:1 ${fdt_addr} bcm2711-rpi-4-b.dtb && fdt addr ${fdt_addr} "
              "&& fdt resize "
              "0x1000 && fatload mmc 0:1 0x18000 overlays/pi4-64-xen.dtbo && fdt apply 0x18000'\n"
              "setenv load_xen 'fatload mmc 0:1 0x200000 xen-raspberrypi4-64'\n"
              "setenv load_dom0 'fatload mmc 0:1 0x480000 Image'\n"
              "setenv xen_bootcmd 'booti 0x200000 - ${fdt_addr}'\n"
              "setenv boot_xen 'run do_dtbsetup; run load_xen; run load_dom0; run xen_bootcmd'\n"
              "run boot_xen\n");
    EXPECT_THAT(inputs.plan({"overlay-no-room"}).script, HasSubstr("&& fdt resize && fatload"));
}

TEST(Classic, LoadsTheMergedTreeOnly) {
    BootInputs inputs;
    inputs.manifest.script = ScriptFlavour::classic;
    EXPECT_THAT(inputs.plan().script, HasSubstr("setenv do_dtbsetup 'fatload mmc 0:1 ${fdt_addr} "
                                                "bcm2711-rpi-4-b.dtb && fdt addr ${fdt_addr}'\n"));
}

TEST(Checked, NamesEveryStepsFailure) {
    BootInputs inputs;
    inputs.set_initrd(1000);
    inputs.manifest.apply_overlays = OverlayMoment::boot;
    const std::string script = inputs.plan().script;
    for (const char* step : {"do_dtbsetup", "load_xen", "load_dom0", "load_initrd", "xen_bootcmd"})
        EXPECT_THAT(script, HasSubstr("rpixen: " + std::string(step) + " failed")) << step;
    EXPECT_THAT(script,
                HasSubstr("run do_dtbsetup && run load_xen && run load_dom0 && run load_initrd && run xen_bootcmd"));
    EXPECT_THAT(script, HasSubstr("fatload ${devtype} ${devnum}:${distro_bootpart} 0x200000 xen-raspberrypi4-64"));
    EXPECT_THAT(without_comments(script), Not(HasSubstr("mmc 0:1")));
    EXPECT_THAT(script, HasSubstr("test 0x${filesize} -eq 0x3e8"));
}

TEST(Checked, AppliesOverlaysToACopyWithComputedRoom) {
    BootInputs inputs;
    inputs.manifest.apply_overlays = OverlayMoment::boot;
    const BootPlan plan = inputs.plan();
    const std::string base = format_address(plan.memory.find(MemoryRole::loaded_tree)->range.begin);
    EXPECT_THAT(plan.script, HasSubstr(base + " bcm2711-rpi-4-b.dtb"));
    EXPECT_THAT(plan.script, HasSubstr("fdt move " + base + " 0x2600000 0x"));
}

TEST(Checked, ChoosesDom0MemByTheBoard) {
    BootInputs inputs;
    inputs.manifest.dom0_mem = "auto";
    const BootPlan plan = inputs.plan();
    EXPECT_THAT(plan.script, HasSubstr("setenv xen_bootargs 'console=dtuart dtuart=/soc/serial@7e215040 sync_console "
                                       "bootscrub=0'\nsetenv dom0_mem 512M\n"));
    EXPECT_THAT(plan.script, HasSubstr("if test \"${memory_code}\" = 3; then setenv dom0_mem 768M; fi\n"));
    EXPECT_THAT(plan.script, HasSubstr("if test \"${memory_code}\" = 5; then setenv dom0_mem 2048M; fi\n"));
    // A board of 3 GB has no number of its own in the revision code; the firmware's tree tells.
    EXPECT_THAT(plan.script, HasSubstr("fdt get value sdram_gbit /chosen rpi-sdram-size-gbit"));
    EXPECT_THAT(plan.script, HasSubstr("if test ${sdram_gbit} -ge 24; then setenv dom0_mem 768M; fi\n"));
    EXPECT_THAT(plan.script, Not(HasSubstr("= 7; then setenv dom0_mem")));
    EXPECT_THAT(plan.script, HasSubstr("run do_dtbsetup && run set_dom0_mem && run load_xen"));
    // Where the script gets no further than the device tree, the smallest board's size is in it.
    const auto tree = DeviceTree::parse(plan.device_tree, "tree");
    EXPECT_THAT(tree.string("/chosen", "xen,xen-bootargs"), ::testing::Optional(HasSubstr(" dom0_mem=512M")));
    inputs.manifest.dom0_mem = "512MiB";
    EXPECT_THAT(inputs.plan().script, Not(HasSubstr("dom0_mem")));
}

TEST(Checked, RefusesACommandLineOfXenThatQuotesCannotHold) {
    ScriptPlan plan = simple();
    plan.xen_bootargs = "it's";
    EXPECT_NO_THROW(render_script(plan)) << "it is not in the script";
    plan.dom0_mem = {{1 * GiB, 512 * MiB}};
    EXPECT_THAT(refusal(plan).problems().front().message, HasSubstr("boot.xen_bootargs"));
}

/// U-Boot's shell reads these scripts as a POSIX one would, so sh finds unbalanced quotes and an if without
/// fi, in the script and in what the variables hold.
TEST(EveryScript, IsSoundForAShell) {
    for (const ScriptFlavour flavour : {ScriptFlavour::checked, ScriptFlavour::classic})
        for (const OverlayMoment moment : {OverlayMoment::compose, OverlayMoment::boot}) {
            BootInputs inputs;
            inputs.set_initrd(1000);

            inputs.artifacts.modules[ModuleKind::xsm_policy].content = test::hollow(100);
            inputs.manifest.script = flavour;
            inputs.manifest.apply_overlays = moment;
            inputs.manifest.xen_bootargs = "console=dtuart dtuart=serial1";
            if (flavour == ScriptFlavour::checked) inputs.manifest.dom0_mem = "auto";
            inputs.manifest.env = {{"bootdelay", "2"}, {"greeting", "it is \"here\"; # not a comment"}};
            const std::string script = inputs.plan().script;
            test::run_ok({"sh", "-n"}, script);
            // Every variable's text, as `run` would read it.
            const std::string shell =
                "setenv() { [ $# -le 2 ] || exit 3; printf '%s\\n' \"$2\" | case $1 in "
                "load_*|do_*|set_*|xen_bootcmd|boot_xen|apply_*) sh -n || exit 4;; esac; }\nrun() { :; }\n";
            test::run_ok({"sh"}, shell + script);
            EXPECT_THAT(script, HasSubstr("setenv greeting 'it is \"here\"; # not a comment'\n"));
            EXPECT_THAT(script, Not(HasSubstr("@")));
            EXPECT_TRUE(script.ends_with('\n'));
        }
}

TEST(EveryScript, RefusesWhatQuotesCannotHold) {
    ScriptPlan plan = simple();
    plan.bootargs = "it's";
    plan.env = {{"a", "b\nc"}, {"d", "e\\f"}};
    plan.overlays = {"a b"};
    EXPECT_EQ(refusal(plan).problems().size(), 4U);
}

TEST(EveryScript, StaysBelow64KiB) {
    ScriptPlan plan = simple();
    plan.env = {{"a", std::string(70000, 'x')}};
    EXPECT_THAT(refusal(plan).what(), HasSubstr("too large"));
}

TEST(Template, FillsValuesAndChoosesLines) {
    EXPECT_EQ(
        fill_template("a @x@ b\n?yes c @x@\n?no d\n!yes e\n!no f\n@empty@\n\n", {{"x", "@x@"}, {"empty", ""}}, {"yes"}),
        "a @x@ b\nc @x@\nf\n\n");
    EXPECT_THROW(fill_template("@unknown@", {}, {}), Error);
}

}  // namespace
}  // namespace rpixen
