#include "artifact/xattr_names.hpp"

#include <rpixen/error.hpp>

#include "base/printable.hpp"

namespace rpixen {

bool is_storable_xattr(std::string_view name) {
    if (name == "system.posix_acl_access" || name == "system.posix_acl_default") return true;
    if (name.size() > 255 || name.find('\0') != std::string_view::npos) return false;  // XATTR_NAME_MAX
    for (const std::string_view prefix : {"user.", "trusted.", "security."})
        if (name.starts_with(prefix) && name.size() > prefix.size()) return true;
    return false;
}

void check_xattr_names(const XattrSet& xattrs) {
    for (const auto& [name, value] : xattrs) {
        if (!is_storable_xattr(name))
            throw Error(ErrorCode::artifact, "an extended attribute cannot be kept on ext4",
                        "'" + printable(name) + "'", "user.*, trusted.*, security.* and POSIX access control lists",
                        "make the tar without it");
        if (value.size() > 65536)
            throw Error(ErrorCode::artifact, "an extended attribute is too large",
                        "'" + printable(name) + "' of " + std::to_string(value.size()) + " bytes", "at most 64KiB");
    }
}

}  // namespace rpixen
