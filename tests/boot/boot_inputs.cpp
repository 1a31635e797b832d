#include "boot/boot_inputs.hpp"

#include <algorithm>

#include "devicetree/built_in_overlays.hpp"
#include "devicetree/dtc.hpp"

namespace rpixen::test {
namespace {

class HollowSource : public ContentSource {
  public:
    struct Opened : OpenContent {
        void read(std::uint64_t, MutableBytes out) override {
            std::fill(out.begin(), out.end(), std::byte{0x5a});
        }
    };
    std::unique_ptr<OpenContent> open(std::uint64_t) const override { return std::make_unique<Opened>(); }
    std::string name() const override { return "hollow"; }
};

}  // namespace

Content hollow(std::uint64_t size) {
    return {std::make_shared<HollowSource>(), 0, size};
}

BootInputs::BootInputs(std::uint64_t kernel_size) {
    artifacts.xen.content = hollow(983048);
    artifacts.xen.header.image_size = 1 * MiB;
    artifacts.xen.header.flags = 0x8;
    artifacts.xen.banner = "4.17.5";
    artifacts.xen.major = 4;
    artifacts.xen.minor = 17;
    artifacts.kernel.content = hollow(kernel_size);
    artifacts.kernel.header.image_size = kernel_size + 1 * MiB;
    artifacts.kernel.header.flags = 0xa;
    artifacts.kernel.banner = "Linux version 6.1.0-37-arm64";
    artifacts.kernel.release = "6.1.0-37-arm64";
    artifacts.kernel.major = 6;
    artifacts.kernel.minor = 1;
    artifacts.kernel.built_for_xen = true;
    artifacts.uboot.content = hollow(600 * KiB);
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
    artifacts.dtb.path = "board.dtb";
    artifacts.dtb.content = memory_content(dtc(source, symbols), "board.dtb");
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
    artifacts.initrd.emplace();
    artifacts.initrd->content = hollow(size);
}

void BootInputs::set_uboot(int year, int month) {
    artifacts.uboot.year = year;
    artifacts.uboot.month = month;
    artifacts.uboot.banner =
        "U-Boot " + std::to_string(year) + (month < 10 ? ".0" : ".") + std::to_string(month);
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

std::vector<std::string> ids_of(const std::vector<Diagnostic>& diagnostics) {
    std::vector<std::string> ids;
    for (const Diagnostic& diagnostic : diagnostics) ids.push_back(diagnostic.id);
    return ids;
}

}  // namespace rpixen::test
