#include <algorithm>

#include "board/dom0_memory.hpp"

#include "rules/root_device.hpp"
#include "rules/rules.hpp"

// Chapter 2: the kernel of dom0.

namespace rpixen {
namespace {

const TreeFacts* effective_tree(const BootScenario& scenario) {
    return scenario.device_tree && scenario.device_tree->effective ? &*scenario.device_tree->effective : nullptr;
}

/// The module whose reg begins where the kernel is loaded, or the only one that calls itself a kernel.
const ModuleFacts* kernel_module(const BootScenario& scenario) {
    const TreeFacts* tree = effective_tree(scenario);
    if (!tree) return nullptr;
    const ModuleFacts* module = nullptr;
    for (const ModuleFacts& candidate : tree->modules) {
        if (!candidate.domain.empty()) continue;
        if (scenario.kernel && scenario.kernel->address && candidate.range &&
            candidate.range->begin == *scenario.kernel->address)
            return &candidate;
        for (const std::string& word : candidate.compatible)
            if (!module && (word == "xen,linux-zimage" || word == "multiboot,kernel")) module = &candidate;
    }
    return module;
}

Findings wrong_kind(const BootScenario& scenario, ImageKind kind, std::string allowed, std::string change) {
    if (!scenario.kernel || scenario.kernel->kind != kind) return {};
    return {{"Xen cannot start " + scenario.kernel->file, name_of(kind), std::move(allowed), std::move(change)}};
}

Findings not_an_image(const BootScenario& scenario) {
    if (!scenario.kernel || scenario.kernel->header) return {};
    if (scenario.kernel->kind != ImageKind::unknown && scenario.kernel->kind != ImageKind::elf &&
        scenario.kernel->kind != ImageKind::efi)
        return {};
    return {{"Xen cannot start " + scenario.kernel->file, name_of(scenario.kernel->kind), "an arm64 Image",
             "use arch/arm64/boot/Image of the kernel's build"}};
}

Findings reg_too_small(const BootScenario& scenario) {
    const ModuleFacts* module = kernel_module(scenario);
    if (!module || !module->range || !scenario.kernel || scenario.kernel->kind == ImageKind::gzip) return {};
    if (module->range->size() >= scenario.kernel->size) return {};
    return {{"the reg of " + module->path + " is smaller than " + scenario.kernel->file,
             "reg " + describe_size(module->range->size()) + ", file " + describe_size(scenario.kernel->size),
             "at least " + describe_size(scenario.kernel->size),
             "set the size in reg to " + format_address(scenario.kernel->size)}};
}

Findings gzip_padded(const BootScenario& scenario) {
    const ModuleFacts* module = kernel_module(scenario);
    if (!module || !module->range || !scenario.kernel || scenario.kernel->kind != ImageKind::gzip) return {};
    if (module->range->size() == scenario.kernel->size) return {};
    return {{"the reg of " + module->path + " is not the exact size of the gzip kernel",
             "reg " + describe_size(module->range->size()) + ", file " + describe_size(scenario.kernel->size),
             "exactly " + describe_size(scenario.kernel->size),
             "set the size in reg to " + format_address(scenario.kernel->size) + ", or unpack the kernel on the host"}};
}

Findings packed(const BootScenario& scenario) {
    return wrong_kind(scenario, ImageKind::packed, "a raw Image, or gzip", "unpack the kernel on the host");
}

Findings zboot(const BootScenario& scenario) {
    return wrong_kind(scenario, ImageKind::zboot, "a raw Image, or gzip",
                      "unpack it on the host, or build the kernel without CONFIG_EFI_ZBOOT");
}

Findings uimage(const BootScenario& scenario) {
    return wrong_kind(scenario, ImageKind::uimage, "a raw Image", "take the Image out of the uImage (dumpimage)");
}

Findings arm32(const BootScenario& scenario) {
    return wrong_kind(scenario, ImageKind::arm32, "an arm64 Image", "use a kernel for arm64");
}

Findings bank_too_small(const BootScenario& scenario) {
    if (!scenario.kernel || !scenario.xen_bootargs) return {};
    const auto text = command_line_value(*scenario.xen_bootargs, "dom0_mem");
    if (!text) return {};
    const auto memory = parse_dom0_mem(*text);
    if (!memory || *memory == 0) return {};
    // Bank 0 is a power of two that is at least min(dom0_mem, 128 MiB), the largest that dom0_mem allows.
    std::uint64_t bank = 4 * KiB;
    while (bank <= *memory / 2) bank *= 2;
    const std::uint64_t tree = 2 * MiB;  // dom0's tree is made by Xen, never larger than 2 MiB
    const LoadedFile* ramdisk = scenario.module(ModuleKind::initrd);
    const std::uint64_t initrd = ramdisk ? align_up(ramdisk->size, 2 * MiB) : 0;
    const std::uint64_t kernel = align_up(scenario.kernel->size, 2 * MiB);
    if (kernel + tree + initrd <= bank) return {};
    std::uint64_t needed = 4 * MiB;
    while (needed < kernel + tree + initrd) needed *= 2;
    return {{"dom0's first memory bank cannot hold kernel, device tree and initrd",
             describe_size(kernel + tree + initrd) + " in a bank of " + format_size(bank) + " (dom0_mem=" + *text + ")",
             "a bank of at least " + format_size(needed), "set dom0_mem to " + format_size(needed) + " or more"}};
}

Findings not_for_xen(const BootScenario& scenario) {
    if (!scenario.kernel || scenario.kernel->built_for_xen.value_or(true)) return {};
    return {{scenario.kernel->file + " was built without CONFIG_XEN", "Linux " + scenario.kernel->release,
             "a kernel with CONFIG_XEN=y",
             "build the kernel with CONFIG_XEN=y (arch/arm64 Kconfig: \"Xen guest support\")"}};
}

/// Where a driver is.
enum class Presence : std::uint8_t {
    built_in,
    module,   ///< a file below /lib/modules/RELEASE
    apart,    ///< a module of this kernel that is not there; an initrd may bring it
    nowhere,  ///< this kernel was built without it
    unknown,
};

struct Driver {
    const char* option;
    const char* module;  ///< its name; empty where it is never a module
};

constexpr Driver xen_drivers[] = {
    {"CONFIG_HVC_XEN", ""},
    {"CONFIG_XEN_BACKEND", ""},
    {"CONFIG_XENFS", "xenfs"},
    {"CONFIG_XEN_DEV_EVTCHN", "xen_evtchn"},
    {"CONFIG_XEN_GNTDEV", "xen_gntdev"},
    {"CONFIG_XEN_PRIVCMD", "xen_privcmd"},
    {"CONFIG_XEN_NETDEV_BACKEND", "xen_netback"},
    {"CONFIG_XEN_BLKDEV_BACKEND", "xen_blkback"},
};
// The card's slot is emmc2 (brcm,bcm2711-emmc2).
constexpr Driver card_drivers[] = {{"CONFIG_MMC_BLOCK", "mmc_block"}, {"CONFIG_MMC_SDHCI_IPROC", "sdhci_iproc"}};
constexpr Driver ext4_driver{"CONFIG_EXT4_FS", "ext4"};

Presence presence(const KernelFacts& kernel, const Driver& driver) {
    if (kernel.driver_modules.contains(driver.module)) return Presence::module;
    if (!kernel.config.empty()) {
        const auto found = kernel.config.find(driver.option);
        if (found == kernel.config.end() || found->second == "n") return Presence::nowhere;
        return found->second == "m" ? Presence::apart : Presence::built_in;
    }
    // modules.builtin does not tell what was left out from what is a module elsewhere.
    if (!kernel.built_in_drivers || *driver.module == 0) return Presence::unknown;
    return kernel.built_in_drivers->contains(driver.module) ? Presence::built_in : Presence::apart;
}

std::string where(const Driver& driver, Presence presence) {
    std::string text = driver.option;
    if (presence == Presence::apart) text += std::string(" (module ") + driver.module + ", whose file is not there)";
    if (presence == Presence::module)
        text += std::string(" (module ") + driver.module + ", and no initrd that loads it)";
    return text;
}

/// What an initrd may bring is not known.
bool has_initrd(const BootScenario& scenario) {
    const TreeFacts* tree = effective_tree(scenario);
    return scenario.module(ModuleKind::initrd) || (tree && tree->initrd);
}

Findings lacks_drivers(const BootScenario& scenario) {
    if (!scenario.kernel) return {};
    const bool initrd = has_initrd(scenario);
    std::vector<std::string> missing;
    for (const Driver& driver : xen_drivers) {
        const Presence is = presence(*scenario.kernel, driver);
        if (is == Presence::nowhere || (is == Presence::apart && !initrd)) missing.push_back(where(driver, is));
    }
    if (missing.empty()) return {};
    return {{"the dom0 kernel lacks drivers that dom0 needs", "without " + describe_list(missing),
             "each built in, or a module below /lib/modules/" + scenario.kernel->release,
             "set them in the kernel's configuration, and install its modules"}};
}

Findings lacks_root_driver(const BootScenario& scenario) {
    if (!scenario.kernel || !scenario.disk || !scenario.dom0_bootargs) return {};
    const auto root = command_line_value(*scenario.dom0_bootargs, "root");
    const PartitionFacts* partition = root ? root_device(*scenario.disk, *root).partition : nullptr;
    if (!partition) return {};
    const bool initrd = has_initrd(scenario);
    std::vector<Driver> drivers(std::begin(card_drivers), std::end(card_drivers));
    if (partition->file_system == "ext4") drivers.push_back(ext4_driver);
    std::vector<std::string> missing;
    for (const Driver& driver : drivers) {
        const Presence is = presence(*scenario.kernel, driver);
        const bool late = is == Presence::module || is == Presence::apart;  // before the root is mounted
        if (is == Presence::nowhere || (late && !initrd)) missing.push_back(where(driver, is));
    }
    if (missing.empty()) return {};
    return {{"dom0's kernel cannot mount its root file system", "without " + describe_list(missing),
             "each built in, or a module in an initrd",
             "build them into the kernel, or give dom0 an initrd with these modules"}};
}

Findings modules_differ(const BootScenario& scenario) {
    if (!scenario.kernel || scenario.kernel->release.empty() || !scenario.root ||
        scenario.root->module_releases.empty())
        return {};
    const auto& releases = scenario.root->module_releases;
    if (std::find(releases.begin(), releases.end(), scenario.kernel->release) != releases.end()) return {};
    return {{"the root file system has no modules for this kernel", "/lib/modules has " + describe_list(releases),
             "/lib/modules/" + scenario.kernel->release, "install the modules of the very same kernel build"}};
}

Findings too_old(const BootScenario& scenario) {
    if (!scenario.kernel || scenario.kernel->major == 0) return {};
    if (scenario.kernel->major > 5 || (scenario.kernel->major == 5 && scenario.kernel->minor >= 9)) return {};
    return {{"this kernel lacks the Xen DMA fixes for the Raspberry Pi 4", "Linux " + scenario.kernel->release,
             "5.9 or newer", "use Linux 5.9 or newer"}};
}

constexpr Rule rules[] = {
    {{.id = "kernel-not-an-image",
      .rule = "K1",
      .severity = Severity::error,
      .title = "dom0's kernel is no arm64 Image",
      .why = "Xen probes the module for the arm64 magic and panics with \"Could not set up d0 guest OS\" "
             "where it is missing.",
      .story = "Xen looks for \"ARM\\x64\" at byte 56 of the kernel module, after unpacking gzip. An ELF "
               "vmlinux or an EFI program without that "
               "header is not for it.",
      .source = "xen xen/arch/arm/kernel.c kernel_zimage64_probe"},
     not_an_image},
    {{.id = "dom0-reg-too-small",
      .rule = "K2",
      .severity = Severity::error,
      .title = "dom0's reg is smaller than the kernel",
      .why = "Xen copies exactly `reg` bytes, so dom0 starts a kernel that was cut off.",
      .story = "The second half of the module's reg is its size, and Xen believes it. The well-known "
               "overlays have fixed numbers: 0x00f80000 = 16,252,928 "
               "bytes (the 4.19-era pi4-64-xen) and 0x01780000 = 24,641,536 bytes (DornerWorks). Real Images "
               "have outgrown them: 25,661,952 bytes in "
               "TImada/raspi4_xen#1, 32,956,352 for Debian 12, 50,678,272 for Arch Linux. Nothing complains; "
               "dom0 just never says a word.",
      .source = "xen xen/arch/arm/kernel.c kernel_zimage_load"},
     reg_too_small},
    {{.id = "gzip-kernel-reg-padded",
      .rule = "K3",
      .severity = Severity::error,
      .title = "dom0's reg is not the exact size of a gzip kernel",
      .why = "Xen reads the unpacked size from the last four bytes of the module, and those are elsewhere "
             "when reg is padded.",
      .story = "Xen unpacks gzip kernels since 4.7 (c1be0b102e). The size of the output stands in the last "
               "four bytes of a gzip file, and Xen takes "
               "the last four bytes of the module: a reg that is rounded up makes it read whatever lies "
               "behind the file. It fails with ENOMEM or in gunzip.",
      .source = "xen xen/common/device-tree/kernel.c output_length, kernel_decompress"},
     gzip_padded},
    {{.id = "kernel-packing-unknown",
      .rule = "K4",
      .severity = Severity::error,
      .title = "dom0's kernel is packed with something other than gzip",
      .why = "Xen on Arm unpacks gzip only.",
      .story = "gzip_check knows 1f 8b and 1f 9e. A kernel packed with xz, zstd, lz4, bzip2 or lzma goes "
               "through to the magic test and fails there. "
               "The composer unpacks all of them on the host.",
      .source = "xen xen/common/device-tree/kernel.c"},
     packed},
    {{.id = "kernel-is-zboot",
      .rule = "K5",
      .severity = Severity::error,
      .title = "dom0's kernel is an EFI zboot image",
      .why = "Only EFI firmware can run the unpacker inside it.",
      .story = "CONFIG_EFI_ZBOOT wraps a packed kernel into an EFI program: \"MZ\" at 0, \"zimg\" at 4, the "
               "payload's place and size at 8 and 12, the packing's "
               "name at 24. At byte 56 is 0x818223cd, not ARM\\x64. The composer takes the kernel out on the "
               "host.",
      .source = "linux drivers/firmware/efi/libstub/zboot-header.S"},
     zboot},
    {{.id = "kernel-is-uimage",
      .rule = "K6",
      .severity = Severity::warning,
      .title = "dom0's kernel is a legacy uImage",
      .why = "Xen honours the load address in its header since 4.17, and older tools wrote wrong ones.",
      .story = "The uImage header names a load address and an entry. A load address of 0 with another entry is "
               "refused; any other one binds dom0's kernel to "
               "a fixed place. ImageBuilder wrote the architecture \"arm\" for arm64 kernels until April 2025.",
      .source = "xen xen/arch/arm/kernel.c kernel_uimage_probe"},
     uimage},
    {{.id = "dom0-bank-too-small",
      .rule = "K7",
      .severity = Severity::error,
      .title = "dom0's first memory bank is too small for kernel, tree and initrd",
      .why = "Xen places all three in bank 0 and panics with \"Not enough memory in the first bank for the "
             "kernel+dtb+initrd\".",
      .story = "Bank 0 is one power-of-two chunk, at least the smaller of dom0_mem and 128 MiB. Kernel, "
               "device tree and initrd are rounded up to 2 MiB "
               "each. A large initrd with a small dom0_mem does not fit.",
      .source = "xen xen/arch/arm/kernel.c place_dtb_initrd"},
     bank_too_small},
    {{.id = "kernel-not-for-xen",
      .rule = "K8",
      .severity = Severity::warning,
      .title = "dom0's kernel was built without Xen support",
      .why = "It starts, but knows no hypercalls, so there is no console and no xl.",
      .story = "The kernel's own configuration (IKCONFIG) says it where it is embedded. Otherwise the "
               "strings \"xen,xen\", \"Xen %s support found\" and "
               "\"arm/xen:starting\" of arch/arm/xen/enlighten.c tell. Raspberry Pi OS kernels are built "
               "without CONFIG_XEN.",
      .source = "linux arch/arm/xen/enlighten.c"},
     not_for_xen},
    {{.id = "kernel-lacks-xen-drivers",
      .rule = "K9",
      .severity = Severity::warning,
      .title = "dom0's kernel lacks Xen drivers",
      .why = "Without them there is no console on hvc0, xl fails, or guests get no disk and no network.",
      .story = "CONFIG_HVC_XEN carries the console, CONFIG_XENFS, CONFIG_XEN_PRIVCMD, CONFIG_XEN_DEV_EVTCHN and "
               "CONFIG_XEN_GNTDEV the toolstack, and the two backends serve the guests. What the kernel has is told by "
               "the "
               "configuration embedded in it (IKCONFIG), by /boot/config-RELEASE, or by /lib/modules/RELEASE: "
               "modules.builtin and "
               "the modules there. Where none of them is on the card, nothing is said. With an initrd a module whose "
               "file is not "
               "in the root file system may come from there.",
      .source = "linux drivers/xen/Kconfig, drivers/tty/hvc/Kconfig; Documentation/kbuild/kbuild.rst modules.builtin"},
     lacks_drivers},
    {{.id = "kernel-lacks-root-driver",
      .rule = "K9a",
      .severity = Severity::error,
      .title = "dom0's kernel cannot mount its root file system",
      .why = "dom0 panics with \"VFS: Unable to mount root fs\", or waits for the card for ever.",
      .story = "The card's slot needs CONFIG_MMC_BLOCK and CONFIG_MMC_SDHCI_IPROC, the file system its own driver. "
               "Distributions build "
               "them as modules, and modules lie on the file system that is to be mounted: without an initrd they have "
               "to be built in. "
               "What the kernel has is told by its configuration (embedded, or /boot/config-RELEASE) or by "
               "modules.builtin. What is "
               "inside an initrd is not looked at.",
      .source = "linux init/do_mounts.c; drivers/mmc/host/sdhci-iproc.c (brcm,bcm2711-emmc2)"},
     lacks_root_driver},
    {{.id = "modules-do-not-match-kernel",
      .rule = "K10",
      .severity = Severity::warning,
      .title = "The root file system has modules of another kernel",
      .why = "Drivers that are modules cannot be loaded, so network, USB or even the root file system are "
             "missing.",
      .story = "The kernel's banner says \"Linux version X\"; modprobe looks under /lib/modules/X only. A "
               "kernel that was rebuilt with another local version or "
               "taken from another package does not find its modules.",
      .source = "linux kernel/module; kmod"},
     modules_differ},
    {{.id = "kernel-is-32-bit",
      .rule = "K11",
      .severity = Severity::error,
      .title = "dom0's kernel is for 32-bit Arm",
      .why = "The card is laid out for an arm64 kernel.",
      .story = "A zImage (0x016f2818 at byte 0x24) is a 32-bit kernel. Xen can run one as dom0, but not with "
               "the 64-bit overlay and root file system.",
      .source = "xen xen/arch/arm/kernel.c"},
     arm32},
    {{.id = "kernel-too-old-for-xen-dma",
      .rule = "K12",
      .severity = Severity::warning,
      .title = "dom0's kernel is older than the DMA fixes for Xen on the Pi 4",
      .why = "swiotlb-xen then hands out buffers that the SD controller cannot reach, and file systems are "
             "damaged.",
      .story = "The bus addresses of the Pi 4 differ from physical ones. Linux 5.9 taught swiotlb-xen to "
               "translate them; older kernels were patched "
               "by switching the SD controller's DMA off.",
      .source = "Xen project blog, \"Xen on Raspberry Pi 4 adventures\""},
     too_old},
};

}  // namespace

bool lacks_driver(const KernelFacts& kernel, const char* option, const char* module) {
    const Presence is = presence(kernel, {option, module});
    return is == Presence::nowhere || is == Presence::apart;
}

std::span<const Rule> kernel_rules() {
    return rules;
}

}  // namespace rpixen
