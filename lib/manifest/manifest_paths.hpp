#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <rpixen/manifest.hpp>

namespace rpixen {

/// What is called for a path: its role ("xen", "kernel", "initrd", "xsm_policy", "dtb", "uboot", "firmware", "rootfs",
/// "overlay", "file", "guest_kernel", "guest_initrd", "guest_device_tree", "guest_disk"), the path as the manifest has
/// it, and the same seen from the working directory.
using PathVisitor = std::function<void(std::string_view role, const std::string& path, const std::string& resolved)>;
/// The same, and may change both.
using PathEditor = std::function<void(std::string_view role, std::string& path, std::string& resolved)>;

/// Every file and folder that a manifest names, in the order of its documentation: boot artifacts, layers, overlays,
/// files, guests. What is built in is none. The one list of them: what a card is made of, and how a manifest moves to
/// another folder, follow from it.
void visit_paths(const Manifest& manifest, const PathVisitor& visitor);
void edit_paths(Manifest& manifest, const PathEditor& editor);

}  // namespace rpixen
