#include "boot/boot_inputs.hpp"

#include <algorithm>

#include "devicetree/built_in_overlays.hpp"
#include "devicetree/dtc.hpp"
#include "follow/check_card.hpp"
#include "support/artifact_kit.hpp"

namespace rpixen::test {
namespace {

/// Bytes that begin with `start`; the rest exists only as a size.
class HollowSource : public ContentSource {
  public:
    explicit HollowSource(std::string start) : start_(std::move(start)) {}

    struct Opened : OpenContent {
        explicit Opened(const std::string& known) : start(known) {}
        void read(std::uint64_t offset, MutableBytes out) override {
            std::fill(out.begin(), out.end(), std::byte{0x5a});
            if (offset >= start.size()) return;
            const ByteView known = as_bytes(start).subspan(offset);
            std::copy_n(known.begin(), std::min(known.size(), out.size()), out.begin());
        }
        std::string start;
    };
    std::unique_ptr<OpenContent> open(std::uint64_t) const override { return std::make_unique<Opened>(start_); }
    std::string name() const override { return "hollow"; }

  private:
    std::string start_;
};

Content hollow(std::uint64_t size, std::string start) {
    return {std::make_shared<HollowSource>(std::move(start)), 0, size};
}

std::string arm64_code() {
    using namespace std::string_literals;
    return std::string(20, '\0')
        .replace(0, 6,
                 "\x7f"
                 "ELF\2\1"s)
        .replace(18, 2, "\xb7\0"s);
}

/// The first bytes of a kernel whose header fits the whole.
std::string kernel_start(std::uint64_t size) {
    const std::string small = ArtifactKit::kernel(0x10000);
    std::string start = ArtifactKit::arm64_image(0x10000, size + 1 * MiB, "");
    return start.replace(0x200, 0x200, small, 0x200, 0x200);
}

/// A root file system that raises no finding.
FileTree good_root() {
    FileTree tree;
    const auto add = [&](const std::string& path, const std::string& text) {
        tree.add_file(tree.locate(path), {0755, 0, 0, {}}, memory_content(text, path));
    };
    add("sbin/init", arm64_code());
    add("etc/inittab", "hvc0::respawn:/sbin/getty hvc0\n");
    add("etc/fstab", "/dev/mmcblk0p2 / ext4 defaults 0 1\n");
    add("usr/sbin/xl", arm64_code());
    add("usr/sbin/xenstored", arm64_code());
    add("lib/modules/6.1.0-37-arm64/modules.dep", "\n");
    return tree;
}

}  // namespace

Content hollow(std::uint64_t size) {
    return hollow(size, {});
}

BootInputs::BootInputs(std::uint64_t kernel_size) {
    using namespace std::string_literals;
    artifacts.xen.content = hollow(983048, ArtifactKit::arm64_image(0x10000, 1 * MiB, "xen,xen-4.17"s + '\0'));
    artifacts.xen.header.image_size = 1 * MiB;
    artifacts.xen.header.flags = 0x8;
    artifacts.xen.banner = "4.17.5";
    artifacts.xen.major = 4;
    artifacts.xen.minor = 17;
    artifacts.kernel.content = hollow(kernel_size, kernel_start(kernel_size));
    artifacts.kernel.header.image_size = kernel_size + 1 * MiB;
    artifacts.kernel.header.flags = 0xa;
    artifacts.kernel.banner = "Linux version 6.1.0-37-arm64";
    artifacts.kernel.release = "6.1.0-37-arm64";
    artifacts.kernel.major = 6;
    artifacts.kernel.minor = 1;
    artifacts.kernel.built_for_xen = true;
    artifacts.uboot.has_legacy_image = artifacts.uboot.has_booti = artifacts.uboot.has_fdt_overlay = true;
    for (const char* name : {"start4.elf", "fixup4.dat"}) artifacts.firmware.push_back({name, hollow(1000)});
    artifacts.has_firmware = true;
    set_uboot(2023, 4);
    set_tree(old_board);
    const ByteView built_in = built_in_overlay("pi4-64-xen").value();
    add_overlay("pi4-64-xen", Bytes(built_in.begin(), built_in.end()));
    manifest.overlays.back().resolved.clear();
}

BootPlan BootInputs::plan(const std::vector<std::string>& allow) const {
    return plan_boot(manifest, artifacts, 1700000000, allow);
}

void BootInputs::set_tree(const std::string& source, bool symbols) {
    artifacts.dtbs.clear();
    add_tree(source, symbols);
}

void BootInputs::add_tree(const std::string& source, bool symbols) {
    Artifact artifact;
    artifact.path = "board" + std::to_string(artifacts.dtbs.size()) + ".dtb";
    artifact.content = memory_content(dtc(source, symbols), artifact.path);
    artifacts.dtbs.push_back(std::move(artifact));
}

void BootInputs::add_overlay(const std::string& name, Bytes bytes) {
    OverlayReference reference;
    reference.name = name;
    reference.resolved = name + ".dtbo";
    manifest.overlays.push_back(reference);
    Artifact artifact;
    artifact.path = name;
    artifact.content = memory_content(std::move(bytes), name);
    artifacts.overlays.push_back(std::move(artifact));
}

void BootInputs::set_overlays(const std::vector<std::pair<std::string, std::string>>& names_and_sources) {
    manifest.overlays.clear();
    artifacts.overlays.clear();
    for (const auto& [name, source] : names_and_sources) add_overlay(name, dtc(source, true));
}

void BootInputs::set_initrd(std::uint64_t size) {
    artifacts.modules[ModuleKind::initrd].content = hollow(size);
}

void BootInputs::set_uboot(int year, int month) {
    artifacts.uboot.year = year;
    artifacts.uboot.month = month;
    artifacts.uboot.banner = "U-Boot " + std::to_string(year) + (month < 10 ? ".0" : ".") + std::to_string(month);
    if (year * 100 + month < 202507)
        artifacts.uboot.environment = {{"scriptaddr", "0x02400000"},     {"fdt_addr_r", "0x02600000"},
                                       {"ramdisk_addr_r", "0x02700000"}, {"kernel_addr_r", "0x00080000"},
                                       {"fdt_high", "ffffffffffffffff"}, {"initrd_high", "ffffffffffffffff"}};
    else
        artifacts.uboot.environment = {{"scriptaddr", "0x05400000"},
                                       {"fdt_addr_r", "0x05600000"},
                                       {"ramdisk_addr_r", "0x05700000"},
                                       {"kernel_addr_r", "0x00080000"},
                                       {"bootm_size", "0x20000000"}};
    std::string binary = ArtifactKit::uboot(artifacts.uboot.banner.substr(7));
    std::string environment = "bootcmd=run distro_bootcmd";
    for (const auto& [name, value] : artifacts.uboot.environment)
        environment.append(1, '\0').append(name).append("=").append(value);
    binary.replace(0x3000, 0x400, environment.append(0x400 - environment.size(), '\0'));
    binary.resize(600 * KiB);
    artifacts.uboot.content = memory_content(binary, "u-boot.bin");
}

const BootFile* find_file(const BootPlan& plan, std::string_view path) {
    for (const BootFile& file : plan.files)
        if (file.path == path) return &file;
    return nullptr;
}

Bytes bytes_of(const BootPlan& plan, std::string_view path) {
    const BootFile* file = find_file(plan, path);
    return file ? read_all(file->content) : Bytes{};
}

std::vector<Diagnostic> diagnostics_of(const BootPlan& plan) {
    Card card;
    card.size = 512 * MiB;
    card.partitions.reserve(2);
    Partition& boot = card.partitions.emplace_back();
    boot.number = 1;
    boot.range = {4 * MiB, 260 * MiB};
    boot.mbr_type = 0x0c;
    boot.active = true;
    boot.file_system = Fat{};
    Partition& root = card.partitions.emplace_back();
    root.number = 2;
    root.range = {260 * MiB, 512 * MiB};
    root.mbr_type = 0x83;
    root.file_system = Ext{};
    root.tree = good_root();
    for (const BootFile& file : plan.files) boot.tree.add_file(boot.tree.locate(file.path), {}, file.content);
    return check_card(card).diagnostics;
}

std::vector<std::string> ids_of(const std::vector<Diagnostic>& diagnostics) {
    std::vector<std::string> ids;
    for (const Diagnostic& diagnostic : diagnostics) ids.push_back(diagnostic.id);
    return ids;
}

}  // namespace rpixen::test
