#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "follow/card_changes.hpp"
#include "rules/findings.hpp"

namespace rpixen::test {
namespace {

struct DriverCase {
    const char* name;
    Change change;
    std::set<std::string> found;
};

// What dom0's kernel has is told by its configuration in /boot or by its modules' folder; what is not known raises
// nothing.
TEST(KernelDrivers, DriversAreLookedForWhereverTheCardTellsOfThem) {
    const std::string config = "boot/config-6.1.0-37-arm64";
    const std::set<std::string> none;
    const std::vector<std::string> all_drivers{"xenfs/xenfs",
                                               "xen-evtchn",
                                               "xen-gntdev",
                                               "xen-privcmd",
                                               "xen-netback/xen-netback",
                                               "xen-blkback/xen-blkback",
                                               "mmc/mmc_block",
                                               "mmc/sdhci-iproc",
                                               "ext4/ext4"};
    const auto as_modules = [](CardRecipe& card, const std::vector<std::string>& drivers) {
        for (const std::string& driver : drivers)
            card.root[std::string(modules) + "kernel/drivers/" + driver + ".ko.xz"] = "";
    };
    const auto an_initrd = [](CardRecipe& card) {
        const std::string initrd(5000, 'i');
        card.boot["initrd.img"] = initrd;
        card.boot["overlays/pi4-64-xen.dtbo"] = pi4_overlay(
            reg(small_kernel), xen_bootargs,
            "fragment@9 { target-path = \"/chosen\"; __overlay__ { ramdisk { compatible = \"xen,linux-initrd\", "
            "\"xen,multiboot-module\"; reg = <0x2800000 5000>; }; }; };");
        card.boot["boot.scr"] = scr(good_script("0x2600000", "0x200000", "fatload ${from} 0x2800000 initrd.img"));
    };
    const DriverCase cases[] = {
        {"a whole configuration in /boot", [&](CardRecipe& card) { card.root[config] = kernel_config(); }, none},
        {"the same on the boot partition",
         [](CardRecipe& card) { card.boot["config-6.1.0-37-arm64"] = kernel_config(); }, none},
        {"an option that is not set",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_XEN_GNTDEV=y", "# CONFIG_XEN_GNTDEV is not set");
         },
         {"kernel-lacks-xen-drivers"}},
        {"the same on the boot partition alone",
         [](CardRecipe& card) {
             card.boot["config-6.1.0-37-arm64"] = changed(kernel_config(), "CONFIG_XEN_GNTDEV=y\n", "");
         },
         {"kernel-lacks-xen-drivers"}},
        {"the configuration of another kernel",
         [&](CardRecipe& card) { card.root["boot/config-5.10.0"] = "CONFIG_XEN=y\n"; }, none},
        {"a module that is there",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_XEN_GNTDEV=y", "CONFIG_XEN_GNTDEV=m");
             as_modules(card, {"xen/xen-gntdev"});
         },
         none},
        {"a module that is not there",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_XEN_GNTDEV=y", "CONFIG_XEN_GNTDEV=m");
         },
         {"kernel-lacks-xen-drivers"}},
        {"the same with an initrd, which may have it",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_XEN_GNTDEV=y", "CONFIG_XEN_GNTDEV=m");
             an_initrd(card);
         },
         none},
        {"ext4 as a module on the ext4",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_EXT4_FS=y", "CONFIG_EXT4_FS=m");
             as_modules(card, {"fs/ext4/ext4"});
         },
         {"kernel-lacks-root-driver"}},
        {"the same with an initrd",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_EXT4_FS=y", "CONFIG_EXT4_FS=m");
             as_modules(card, {"fs/ext4/ext4"});
             an_initrd(card);
         },
         none},
        {"no ext4 at all, and an initrd",
         [&](CardRecipe& card) {
             card.root[config] = changed(kernel_config(), "CONFIG_EXT4_FS=y\n", "");
             an_initrd(card);
         },
         {"kernel-lacks-root-driver"}},
        {"all built in",
         [&](CardRecipe& card) { card.root[std::string(modules) + "modules.builtin"] = builtin(all_drivers); }, none},
        {"what the board needs built in, and Xen's as modules",
         [&](CardRecipe& card) {
             const auto border = all_drivers.begin() + 6;
             card.root[std::string(modules) + "modules.builtin"] = builtin({border, all_drivers.end()});
             as_modules(card, {all_drivers.begin(), border});
         },
         none},
        {"no network for guests",
         [&](CardRecipe& card) {
             auto drivers = all_drivers;
             drivers.erase(drivers.begin() + 4);
             card.root[std::string(modules) + "modules.builtin"] = builtin(drivers);
         },
         {"kernel-lacks-xen-drivers"}},
        {"modules alone, as Debian has them",
         [&](CardRecipe& card) {
             card.root[std::string(modules) + "modules.builtin"] = builtin({"tty/x"});
             as_modules(card, all_drivers);
         },
         {"kernel-lacks-root-driver"}},
        {"the same with an initrd, as Debian has it",
         [&](CardRecipe& card) {
             card.root[std::string(modules) + "modules.builtin"] = builtin({"tty/x"});
             as_modules(card, all_drivers);
             an_initrd(card);
         },
         none},
    };
    const CardRecipe card = changeable_card();
    for (const DriverCase& each : cases) {
        CardRecipe recipe = card;
        each.change(recipe);
        EXPECT_EQ(ids(judge(survey_of(recipe).scenario)), each.found) << each.name;
    }
}

TEST(KernelDrivers, DriversOfWhichNothingIsKnownAreSaidToBeSo) {
    const auto said = [](const CardRecipe& card) {
        const std::vector<std::string> notes = survey_of(card).notes;
        return std::any_of(notes.begin(), notes.end(),
                           [](const std::string& note) { return note.starts_with("which drivers dom0's kernel has"); });
    };
    CardRecipe card = changeable_card();
    EXPECT_TRUE(said(card));
    card.root["boot/config-6.1.0-37-arm64"] = kernel_config();
    EXPECT_FALSE(said(card));
}

}  // namespace
}  // namespace rpixen::test
