#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "artifact/user_names.hpp"

namespace rpixen {

/// A POSIX.1e access control list in the forms that Linux keeps.
struct PosixAcl {
    std::string xattr;       ///< the value of system.posix_acl_access or system.posix_acl_default
    std::uint16_t mode = 0;  ///< the permission bits it stands for: the mask is the group's
    bool minimal = false;    ///< says no more than `mode`
};

inline constexpr const char* posix_acl_access = "system.posix_acl_access";
inline constexpr const char* posix_acl_default = "system.posix_acl_default";

/// Parses the text form as star, GNU tar and libarchive store it:
/// "user::rwx,user:name:r-x:1000,mask::rwx,...", by comma or line. A named entry that carries no number (GNU
/// tar writes none, --numeric-owner or not) is looked up in `names`; "root" is 0. Facts: acl(5), "LONG TEXT
/// FORM"; the xattr: include/uapi/linux/posix_acl_xattr.h, version 2. Throws Error{artifact} (without a
/// place).
PosixAcl parse_posix_acl(std::string_view text, const UserNames* names = nullptr);

/// Whether it names somebody by a name alone. Throws as parse_posix_acl() for all else that is wrong.
bool needs_names(std::string_view text);

}  // namespace rpixen
