#include "manifest/manifest_paths.hpp"

namespace rpixen {
namespace {

/// For a Manifest and for a const one.
template <typename Any, typename Visitor>
void walk(Any& manifest, const Visitor& visit) {
    const auto artifact = [&](std::string_view role, auto& reference) {
        visit(role, reference.path, reference.resolved);
    };
    artifact("xen", manifest.xen);
    artifact("kernel", manifest.kernel);
    for (auto& [key, module] : manifest.modules) artifact(key, module);
    for (auto& tree : manifest.dtbs) artifact("dtb", tree);
    artifact("uboot", manifest.uboot);
    if (manifest.firmware) artifact("firmware", *manifest.firmware);
    for (auto& layer : manifest.rootfs) artifact("rootfs", layer);
    for (auto& overlay : manifest.overlays)
        if (!overlay.path.empty()) artifact("overlay", overlay);
    for (auto& file : manifest.files) visit("file", file.source, file.resolved);
    for (auto& guest : manifest.guests) {
        if (!guest.kernel.of_dom0) artifact("guest_kernel", guest.kernel.artifact);
        if (guest.initrd && !guest.initrd->of_dom0) artifact("guest_initrd", guest.initrd->artifact);
        if (guest.device_tree) artifact("guest_device_tree", *guest.device_tree);
        if (guest.disk) artifact("guest_disk", *guest.disk);
    }
}

}  // namespace

void visit_paths(const Manifest& manifest, const PathVisitor& visitor) {
    walk(manifest, visitor);
}

void edit_paths(Manifest& manifest, const PathEditor& editor) {
    walk(manifest, editor);
}

}  // namespace rpixen
