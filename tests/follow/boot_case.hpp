#pragma once

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "follow/card_in_memory.hpp"
#include "follow/good_card.hpp"
#include "follow/survey.hpp"
#include "rules/findings.hpp"
#include "rules/rules.hpp"
#include "support/artifact_kit.hpp"

namespace rpixen::test {

using Files = std::map<std::string, std::string>;
using Ids = std::set<std::string>;

/// A card whose boot.scr and files are as people publish them.
class BootCase : public testing::Test {
  protected:
    BootCase() {
        boot = common_boot(small_kernel);
        boot["u-boot.bin"] = ArtifactKit::uboot("2023.01");
        root = good_root();
        disk = good_disk();
    }

    /// The card with this boot.scr; the result is kept.
    std::set<std::string> judged(const std::string& script) {
        if (!script.empty()) boot["boot.scr"] = scr(script);
        return judged();
    }
    std::set<std::string> judged() {
        const FileTree boot_tree = tree_of(boot);
        const FileTree root_tree = tree_of(root);
        survey_ = survey({disk, {{1U, &boot_tree}, {2U, &root_tree}}});
        diagnostics = judge(survey_.scenario);
        return ids(diagnostics);
    }
    std::string found(const std::string& id) const {
        for (const Diagnostic& diagnostic : diagnostics)
            if (diagnostic.id == id) return diagnostic.found;
        return "";
    }
    const BootScenario& scenario() const { return survey_.scenario; }
    const std::vector<std::string>& notes() const { return survey_.notes; }
    void use_bootstd() {
        std::string& binary = boot["u-boot.bin"];
        const std::string old = "run distro_bootcmd";
        binary.replace(binary.find(old), old.size(), "bootflow scan     ");
    }

    /// What the scripts have in common; `dom0` sets xen,dom0-bootargs.
    static std::string script(const std::string& dom0, const std::string& device = "mmc 0:1",
                              const std::string& tree = "0x2600000") {
        const std::string size = "0x" + []() {
            char text[24];
            std::snprintf(text, sizeof(text), "%llx", static_cast<unsigned long long>(small_kernel));
            return std::string(text);
        }();
        const bool own = tree[0] == '$';
        return "fatload " + device + " 0x200000 xen-raspberrypi4-64\nfatload " + device + " 0x480000 Image\n" +
               (own ? "" : "fatload " + device + " " + tree + " bcm2711-rpi-4-b.dtb\n") + "fdt addr " + tree +
               "\nfdt resize 0x1000\n"
               "fdt set /chosen \\#address-cells <1>\nfdt set /chosen \\#size-cells <1>\n"
               "fdt set /chosen xen,xen-bootargs \"console=dtuart dtuart=serial1 dom0_mem=512M\"\n"
               "fdt mknod /chosen dom0\n"
               "fdt set /chosen/dom0 compatible \"xen,linux-zimage\" \"xen,multiboot-module\"\n"
               "fdt set /chosen/dom0 reg <0x480000 " +
               size + ">\n" + dom0 + "booti 0x200000 - " + tree + "\n";
    }
    static constexpr const char*
        usual = "fdt set /chosen xen,dom0-bootargs \"console=hvc0 root=/dev/mmcblk0p2 rootwait\"\n";

    Files boot;
    Files root;
    DiskFacts disk;
    std::vector<Diagnostic> diagnostics;

  private:
    Survey survey_;
};

/// What every such script may be told of.
inline const Ids harmless{"script-fixed-device", "script-unchecked-steps", "dtb-loses-firmware-edits"};

/// What is left of them.
inline Ids beyond_harmless(const Ids& ids) {
    Ids rest;
    std::set_difference(ids.begin(), ids.end(), harmless.begin(), harmless.end(), std::inserter(rest, rest.end()));
    return rest;
}

inline bool only_harmless(const Ids& ids) {
    return beyond_harmless(ids).empty();
}

inline Ids harmless_and(Ids ids) {
    ids.insert(harmless.begin(), harmless.end());
    return ids;
}

/// `more` before the last command.
inline std::string before_booti(std::string text, const std::string& more) {
    return text.insert(text.rfind("booti "), more);
}

}  // namespace rpixen::test
