#include <algorithm>

#include "rules/root_device.hpp"
#include "rules/rules.hpp"

// Chapter 8, second half: dom0's root file system.

namespace rpixen {
namespace {

constexpr std::uint16_t aarch64 = 183;  // EM_AARCH64, elf.h

const RootFacts* root(const BootScenario& scenario) {
    return scenario.root ? &*scenario.root : nullptr;
}

Findings no_getty(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || facts->getty_on_hvc0.value_or(true)) return {};
    return {{"nobody can log in on dom0's console", "no getty on hvc0 in /etc/inittab or systemd's units",
             "a getty on hvc0",
             "add \"hvc0::respawn:/sbin/getty -L hvc0 115200 vt100\" to /etc/inittab, or enable "
             "serial-getty@hvc0"}};
}

/// With an initrd the init is its business; on another device it is not seen.
Findings no_init(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || scenario.module(ModuleKind::initrd) || !is_root_of_dom0(scenario)) return {};
    if (!facts->below.empty() || !facts->inside.empty()) return {};  // told as what it is
    if (const auto named = command_line_value(*scenario.dom0_bootargs, "init")) {
        if (facts->named_init_present) return {};
        return {{"the root file system has not the init that dom0 is told to start", "init=" + *named,
                 "a program of the root file system", "install it, or take init= off dom0's command line"}};
    }
    if (facts->init_present) return {};
    return {{"the root file system has no init", "none of /sbin/init, /etc/init, /bin/init, /bin/sh", "/sbin/init",
             "install an init (Debian: systemd-sysv), or check the root file system that was used"}};
}

Findings below_a_folder(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || facts->below.empty()) return {};
    return {{"the root file system lies one folder too low", "everything is below /" + facts->below + "/",
             "/etc, /sbin/init and the others at its top",
             "pack it from its own top (tar -C " + facts->below + " -cf FILE .), or name the folder " + facts->below}};
}

Findings inside_a_file(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || facts->inside.empty()) return {};
    return {{"the root file system holds another one, packed",
             "nothing but /" + facts->inside + ", " + facts->inside_kind, "the files themselves",
             "give " + facts->inside + " itself as the root file system"}};
}

Findings wrong_machine(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || !facts->init_machine || *facts->init_machine == aarch64) return {};
    const std::uint16_t machine = *facts->init_machine;
    const std::string name = machine == 62    ? "x86-64"
                             : machine == 3   ? "i386"
                             : machine == 40  ? "32-bit Arm"
                             : machine == 243 ? "RISC-V"
                                              : "machine " + std::to_string(machine);
    return {{"dom0's programs are for another processor", "/sbin/init is for " + name, "AArch64",
             "use a root file system for arm64"}};
}

Findings no_tools(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || facts->xen_tools.value_or(true)) return {};
    return {{"dom0 has no Xen tools", "neither xl nor xenstored", "the Xen tools of the hypervisor's version",
             "install xen-utils (Debian) or xen-tools (Yocto)"}};
}

Findings tools_version(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || facts->xen_tools_version.empty() || !scenario.xen || scenario.xen->major == 0) return {};
    const std::string xen = std::to_string(scenario.xen->major) + "." + std::to_string(scenario.xen->minor);
    if (facts->xen_tools_version == xen || facts->xen_tools_version.starts_with(xen + ".")) return {};
    return {{"the Xen tools are for another Xen", "tools " + facts->xen_tools_version + ", Xen " + xen,
             "tools of Xen " + xen, "install the tools of the very same Xen"}};
}

Findings xl_lacks(const BootScenario& scenario) {
    const RootFacts* facts = root(scenario);
    if (!facts || facts->xl_lacks.empty()) return {};
    return {{"xl cannot start a guest in this root file system", "no " + describe_list(facts->xl_lacks),
             "the folder of xl's log, and the library that glibc loads when a thread is cancelled",
             "make the folder /var/log/xen; install libgcc-s1 (Debian) or libgcc (Yocto)"}};
}

constexpr Rule rules[] = {
    {{.id = "no-getty-on-hvc0",
      .rule = "P6",
      .severity = Severity::warning,
      .title = "No login on dom0's console",
      .why = "dom0's console is hvc0, and nothing asks for a login there.",
      .story = "Root file systems made for the bare board have their getty on ttyS0 or ttyAMA0, which belong "
               "to Xen here. systemd starts one on hvc0 by itself only where the console= argument names it.",
      .source = "systemd-getty-generator(8); inittab(5)"},
     no_getty},
    {{.id = "xen-tools-missing",
      .rule = "P6a",
      .severity = Severity::warning,
      .title = "dom0 has no Xen tools",
      .why = "Without xl and xenstored no guest can be started.",
      .story = "The card boots to dom0 all the same.",
      .source = "xen tools/"},
     no_tools},
    {{.id = "xen-tools-version",
      .rule = "P6b",
      .severity = Severity::warning,
      .title = "The Xen tools are for another Xen",
      .why = "The toolstack's interface is not stable: xl fails with \"Permission denied\".",
      .story = "The interface versions of sysctl and domctl change with every release, and Xen refuses "
               "others (OP-TEE manifest #192).",
      .source = "xen xen/include/public/domctl.h"},
     tools_version},
    {{.id = "xl-runtime-missing",
      .rule = "P6c",
      .severity = Severity::warning,
      .title = "xl lacks something that it needs when it runs",
      .why = "`xl create` ends before the guest starts: it cannot open its log, or aborts when a thread is cancelled.",
      .story = "xl create leaves a process that writes /var/log/xen/xl-NAME.log. Xen's start scripts, units and "
               "tmpfiles make the "
               "folder; a root file system that starts xenstored itself has to bring it. libxl cancels threads, for "
               "which glibc "
               "loads libgcc_s.so.1 (\"libgcc_s.so.1 must be installed for pthread_cancel to work\"): no program names "
               "it, so "
               "a root file system made of what the programs name lacks it.",
      .source = "xen tools/xl/xl_utils.c do_daemonize; glibc sysdeps/nptl/unwind-forcedunwind.c"},
     xl_lacks},
    {{.id = "init-not-aarch64",
      .rule = "P7",
      .severity = Severity::error,
      .title = "dom0's programs are for another processor",
      .why = "dom0 panics with \"Failed to execute /sbin/init (error -8)\".",
      .story = "The ELF header of /sbin/init (or what it links to) names its machine.",
      .source = "linux init/main.c; elf(5)"},
     wrong_machine},
    {{.id = "init-missing",
      .rule = "P7a",
      .severity = Severity::warning,
      .title = "The root file system has no init",
      .why = "dom0 panics with \"No working init found\" or \"Requested init /x failed\".",
      .story = "Linux tries /sbin/init, /etc/init, /bin/init and /bin/sh, or only what init= names. Raised where "
               "root= names this file system and no initrd comes first. debootstrap's minimal variants and "
               "containers' images have no init. A warning, since roots are composed in steps, and one is put in "
               "later.",
      .source = "linux init/main.c kernel_init()"},
     no_init},
    {{.id = "root-below-a-folder",
      .rule = "P7b",
      .severity = Severity::error,
      .title = "The root file system lies one folder too low",
      .why = "dom0 finds no init at the top and panics, with an initrd too.",
      .story = "\"tar -cf root.tar rootfs\" packs the folder and not what is in it, and many archives for "
               "download are made so. Raised where the only folder has what a root file system has.",
      .source = "linux init/main.c; termux/proot-distro #384"},
     below_a_folder},
    {{.id = "root-inside-a-file",
      .rule = "P7c",
      .severity = Severity::error,
      .title = "The root file system holds nothing but another one",
      .why = "dom0 finds no init and panics, with an initrd too.",
      .story = "An image or an archive was packed once more, as build systems do for their artifacts.",
      .source = "linux init/main.c"},
     inside_a_file},
};

}  // namespace

std::span<const Rule> root_rules() {
    return rules;
}

}  // namespace rpixen
