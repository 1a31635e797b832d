#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tree/file_tree.hpp"

namespace rpixen {

/// Of the extended attributes of a file on the host those that belong on a card: user.*, security.capability
/// and POSIX access control lists; `with_overlay_marks`: what an overlay's upper folder says too. The path is
/// not followed. Throws Error{artifact} (without a place) where they cannot be read.
XattrSet xattrs_of(const std::string& path, bool with_overlay_marks);

/// A capability that belongs to the user namespace of `root`, as one of the card's own root; nothing for
/// others. Facts: include/uapi/linux/capability.h, struct vfs_ns_cap_data; security/commoncap.c.
std::optional<std::string> capability_without_namespace(const std::string& value, std::uint32_t root);

}  // namespace rpixen
