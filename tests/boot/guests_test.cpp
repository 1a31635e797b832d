#include "boot/guests.hpp"

#include <gmock/gmock.h>

#include "boot/boot_inputs.hpp"
#include "devicetree/overlay.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using test::BootInputs;
using test::bytes_of;
using test::find_file;
using test::ids_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

Guest guest_called(const std::string& name) {
    Guest guest;
    guest.name = name;
    guest.kernel.of_dom0 = true;
    guest.memory = 128 * MiB;
    return guest;
}

/// A guest that has all of dom0's, and one with files of its own.
BootInputs two_guests() {
    BootInputs inputs;
    inputs.set_initrd(5 * MiB + 3);
    Guest shared = guest_called("web");
    shared.initrd = GuestFile{true, {}};
    shared.pv = true;
    shared.bootargs = "console=ttyAMA0 cma=0";
    Guest own = guest_called("db-2");
    own.kernel.of_dom0 = false;
    own.initrd = GuestFile{};
    own.device_tree = ArtifactReference{};
    own.memory = 4 * GiB + 16 * MiB;
    own.vcpus = 2;
    own.console = GuestConsole::none;
    inputs.manifest.guests = {shared, own};
    GuestArtifacts of_shared{inputs.artifacts.kernel, {{GuestModuleKind::initrd, {}}}};
    of_shared.modules[GuestModuleKind::initrd] = inputs.artifacts.modules[ModuleKind::initrd];
    GuestArtifacts of_own;
    of_own.kernel.content = test::hollow(7 * MiB + 5);
    of_own.modules[GuestModuleKind::initrd].content = test::hollow(3001);
    of_own.modules[GuestModuleKind::device_tree].content = test::hollow(900);
    inputs.artifacts.guests = {of_shared, of_own};
    return inputs;
}

/// What Xen will read: the tree on the card, with what U-Boot applies.
DeviceTree effective(const BootInputs& inputs, const BootPlan& plan) {
    DeviceTree tree = DeviceTree::parse(bytes_of(plan, "bcm2711-rpi-4-b.dtb"), "card");
    if (inputs.manifest.apply_overlays == OverlayMoment::compose) return tree;
    const Bytes overlay = bytes_of(plan, "overlays/pi4-64-xen.dtbo");
    return merge(tree, DeviceTree::parse(overlay, "overlay"), "pi4-64-xen");
}

class Dom0less : public testing::TestWithParam<OverlayMoment> {
  protected:
    Dom0less() : inputs_(two_guests()) { inputs_.manifest.apply_overlays = GetParam(); }

    BootInputs inputs_;
};

TEST_P(Dom0less, StandBehindDom0InTheTreeThatXenReads) {
    const DeviceTree tree = effective(inputs_, inputs_.plan());
    // The first node that names a module owns it (Xen >= 4.18).
    const std::vector<std::string> nodes = tree.children("/chosen");
    ASSERT_EQ(nodes.size(), 4U);
    EXPECT_THAT((std::vector{nodes[0], nodes[1]}), testing::UnorderedElementsAre("dom0", "ramdisk"));
    EXPECT_THAT((std::vector{nodes[2], nodes[3]}), ElementsAre("domU1", "domU2"));
}

TEST_P(Dom0less, HaveTheNodesThatXenDocuments) {
    const BootPlan plan = inputs_.plan();
    const test::TemporaryFolder folder;
    const std::string file = folder.write("card.dtb", as_text(effective(inputs_, plan).bytes()));
    const auto get = [&](const std::string& path, const std::string& property) {
        return test::run_ok({"fdtget", "-t", "x", file, path, property});
    };
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/domU1", "compatible"}), "xen,domain\n");
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/domU1", "label"}), "web\n");
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/domU1", "xen,enhanced"}), "enabled\n");
    EXPECT_EQ(get("/chosen/domU1", "memory"), "0 20000\n");
    EXPECT_EQ(get("/chosen/domU1", "cpus"), "1\n");
    EXPECT_EQ(get("/chosen/domU2", "memory"), "0 404000\n");
    EXPECT_EQ(get("/chosen/domU2", "cpus"), "2\n");
    const DeviceTree tree = effective(inputs_, plan);
    EXPECT_TRUE(tree.property("/chosen/domU1", "vpl011"));
    EXPECT_FALSE(tree.property("/chosen/domU2", "vpl011"));
    EXPECT_FALSE(tree.property("/chosen/domU2", "xen,enhanced"));
    // dom0's own files, with its own numbers.
    EXPECT_EQ(get("/chosen/domU1/module@480000", "reg"), "480000 " + get("/chosen/dom0", "reg").substr(7));
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/domU1/module@480000", "bootargs"}), "console=ttyAMA0 cma=0\n");
    EXPECT_EQ(test::run_ok({"fdtget", file, "/chosen/domU1/module@480000", "compatible"}),
              "multiboot,kernel multiboot,module\n");
    EXPECT_EQ(tree.children("/chosen/domU1").size(), 2U);
    EXPECT_EQ(tree.children("/chosen/domU2").size(), 3U);
}

TEST_P(Dom0less, HaveExactModulesThatTheScriptLoadsAndTests) {
    const BootPlan plan = inputs_.plan();
    EXPECT_EQ(find_file(plan, "guests/db-2/Image")->content.size, 7 * MiB + 5);
    EXPECT_EQ(find_file(plan, "guests/db-2/initrd.img")->content.size, 3001U);
    EXPECT_EQ(find_file(plan, "guests/db-2/guest.dtb")->content.size, 900U);
    EXPECT_EQ(find_file(plan, "guests/web/Image"), nullptr) << "dom0's is shared";
    const MemoryRegion* kernel = plan.memory.find("guests/db-2/Image");
    ASSERT_NE(kernel, nullptr);
    const std::string place = format_address(kernel->range.begin);
    EXPECT_THAT(plan.script,
                HasSubstr("setenv load_guest_db-2_kernel 'if fatload ${devtype} ${devnum}:${distro_bootpart} " + place +
                          " guests/db-2/Image; then if test 0x${filesize} -eq 0x700005;"));
    EXPECT_THAT(plan.script, HasSubstr("run load_initrd && run load_guest_db-2_kernel && run load_guest_db-2_initrd && "
                                       "run load_guest_db-2_device_tree && run xen_bootcmd"));
    EXPECT_THAT(plan.script, Not(HasSubstr("load_guest_web")));
    const DeviceTree tree = effective(inputs_, plan);
    EXPECT_THAT(tree.cells("/chosen/domU2/module@" + place.substr(2), "reg"),
                ElementsAre(static_cast<std::uint32_t>(kernel->range.begin), 7 * MiB + 5));
    for (const MemoryRegion& one : plan.memory.regions)
        for (const MemoryRegion& other : plan.memory.regions) {
            if (&one == &other || one.role != MemoryRole::guest || other.kind == MemoryRegion::Kind::window) continue;
            EXPECT_FALSE(one.range.overlaps(other.range)) << one.name << " and " << other.name;
        }
}

INSTANTIATE_TEST_SUITE_P(Moments, Dom0less, testing::Values(OverlayMoment::compose, OverlayMoment::boot));

TEST(Dom0lessGuests, AreLoadedByTheClassicScriptToo) {
    BootInputs inputs = two_guests();
    inputs.manifest.script = ScriptFlavour::classic;
    const BootPlan plan = inputs.plan();
    EXPECT_THAT(plan.script, HasSubstr("setenv load_guest_db-2_kernel 'fatload mmc 0:1 0x"));
    EXPECT_THAT(plan.script, HasSubstr("run load_guest_db-2_kernel; run load_guest_db-2_initrd; "));
}

TEST(Dom0lessGuests, TheJudgeTakesThemAsTheyAre) {
    BootInputs inputs = two_guests();
    inputs.manifest.guests[1].memory = 64 * MiB;
    inputs.artifacts.guests[1].kernel.content = inputs.artifacts.kernel.content;
    inputs.artifacts.guests[1].modules.erase(GuestModuleKind::device_tree);
    inputs.manifest.xen_bootargs = "console=dtuart dtuart=/soc/serial@7e215040";
    inputs.artifacts.xen.minor = 18;
    for (const Diagnostic& diagnostic : test::diagnostics_of(inputs.plan()))
        EXPECT_TRUE(diagnostic.severity != Severity::error) << diagnostic.id << ": " << diagnostic.message;
}

TEST(Dom0lessGuests, ShareTheBoardsMemoryWithDom0) {
    BootInputs inputs(26 * MiB);
    inputs.manifest.guests = {guest_called("web")};
    inputs.artifacts.guests = {{inputs.artifacts.kernel, {}}};
    inputs.manifest.dom0_mem = "rest";
    const BootPlan with = inputs.plan();
    inputs.manifest.guests.clear();
    inputs.artifacts.guests.clear();
    const BootPlan without = inputs.plan();
    for (std::size_t index = 0; index < with.boards.size(); ++index) {
        EXPECT_TRUE(with.boards[index].starts);
        EXPECT_EQ(with.boards[index].guests, 130 * MiB) << "a MiB a processor, 4 KiB a MiB, half a MiB";
        EXPECT_LE(with.boards[index].dom0_mem + 130 * MiB, without.boards[index].dom0_mem + 4 * MiB);
        EXPECT_GE(with.boards[index].dom0_mem + 300 * MiB, without.boards[index].dom0_mem);
    }
    EXPECT_EQ(without.boards.front().guests, 0U);
}

TEST(GuestsOfXl, TakeFromTheRestToo) {
    BootInputs inputs(26 * MiB);
    inputs.manifest.dom0_mem = "rest";
    const BootPlan without = inputs.plan();
    Guest guest = guest_called("db");
    guest.start = GuestStart::xl;
    inputs.manifest.guests = {guest};
    inputs.artifacts.guests = {{inputs.artifacts.kernel, {}}};
    const BootPlan with = inputs.plan();
    for (std::size_t index = 0; index < with.boards.size(); ++index) {
        EXPECT_TRUE(with.boards[index].starts && with.boards[index].xl_starts);
        EXPECT_EQ(with.boards[index].guests, 0U);
        EXPECT_EQ(with.boards[index].xl_guests, 130 * MiB);
        EXPECT_LE(with.boards[index].dom0_mem + 130 * MiB, without.boards[index].dom0_mem + 4 * MiB);
    }
    inputs.manifest.guests[0].autostart = false;
    EXPECT_EQ(inputs.plan().boards[0].dom0_mem, without.boards[0].dom0_mem) << "it does not start with dom0";
}

TEST(GuestsOfXl, ThatABoardHasNoRoomForLeaveDom0ItsMemory) {
    BootInputs inputs;
    Guest guest = guest_called("db");
    guest.start = GuestStart::xl;
    guest.memory = 1 * GiB;
    inputs.manifest.guests = {guest};
    inputs.artifacts.guests = {{inputs.artifacts.kernel, {}}};
    for (const char* share : {"rest", "512MiB"}) {
        inputs.manifest.dom0_mem = share;
        const BootPlan plan = inputs.plan();
        EXPECT_TRUE(plan.boards[0].starts);
        EXPECT_FALSE(plan.boards[0].xl_starts);
        EXPECT_GE(plan.boards[0].dom0_mem, 512 * MiB) << share;
        EXPECT_TRUE(plan.boards[1].xl_starts);
    }
}

TEST(Dom0lessGuests, ABoardThatIsTooSmallForThemDoesNotStart) {
    BootInputs inputs;
    inputs.manifest.guests = {guest_called("web")};
    inputs.manifest.guests[0].memory = 700 * MiB;
    inputs.artifacts.guests = {{inputs.artifacts.kernel, {}}};
    const BootPlan plan = inputs.plan();
    EXPECT_FALSE(plan.boards[0].starts);
    EXPECT_TRUE(plan.boards[1].starts);
    EXPECT_THAT(ids_of(test::diagnostics_of(plan)), Contains("guest-memory-excludes-boards"));
}

TEST(Dom0lessGuests, AreRefusedWhereAnOverlayBringsOnesOfTheirNames) {
    BootInputs inputs = two_guests();
    inputs.set_overlays({{"guests",
                          "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/chosen\"; __overlay__ { domU1 { "
                          "compatible = \"xen,domain\"; }; }; }; };"}});
    try {
        inputs.plan();
        FAIL() << "planned";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unfit);
    }
}

}  // namespace
}  // namespace rpixen
