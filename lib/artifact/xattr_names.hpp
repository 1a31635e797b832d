#pragma once

#include "tree/file_tree.hpp"

namespace rpixen {

/// Whether ext4 and Linux can keep an extended attribute of that name (fs/ext4/xattr.c, the handlers'
/// prefixes).
bool is_storable_xattr(std::string_view name);

/// Throws Error{artifact} (without a place) for the first name that cannot be kept.
void check_xattr_names(const XattrSet& xattrs);

}  // namespace rpixen
