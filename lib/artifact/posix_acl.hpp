#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rpixen {

/// A POSIX.1e access control list in the forms that Linux keeps.
struct PosixAcl {
    std::string xattr;       ///< the value of system.posix_acl_access or system.posix_acl_default
    std::uint16_t mode = 0;  ///< the permission bits it stands for: the mask is the group's
    bool minimal = false;    ///< says no more than `mode`
};

/// Parses the text form as star, GNU tar and libarchive store it:
/// "user::rwx,user:name:r-x:1000,mask::rwx,...", by comma or line. A named entry must carry a number, since
/// names mean something on the host only ("root" is 0). Facts: acl(5), "LONG TEXT FORM"; the xattr:
/// include/uapi/linux/posix_acl_xattr.h, version 2. Throws Error{artifact} (without a place).
PosixAcl parse_posix_acl(std::string_view text);

}  // namespace rpixen
