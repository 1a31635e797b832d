#include "artifact/host_xattrs.hpp"

#include <sys/xattr.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <vector>

#include <rpixen/error.hpp>

#include "base/bytes.hpp"

namespace rpixen {
namespace {

[[noreturn]] void refuse(const std::string& message) {
    throw Error(ErrorCode::artifact, message, std::generic_category().message(errno));
}

/// What an overlay's upper folder says of the layers below it.
bool is_overlay_mark(std::string_view xattr) {
    return xattr.starts_with("trusted.overlay.") || xattr.starts_with("user.overlay.");
}

bool belongs_on_card(std::string_view xattr) {
    return xattr.starts_with("user.") ? !xattr.starts_with("user.overlay.") && !xattr.starts_with("user.fuseoverlayfs.")
                                      : xattr == "security.capability" || xattr == "system.posix_acl_access" ||
                                            xattr == "system.posix_acl_default";
}

/// security.capability with the number of a user namespace's root (linux/capability.h, struct
/// vfs_ns_cap_data).
constexpr std::size_t namespaced_capability_size = 24, capability_size = 20;
constexpr std::uint32_t capability_revision_mask = 0xff000000, capability_revision_2 = 0x02000000;

}  // namespace

XattrSet xattrs_of(const std::string& path, bool with_overlay_marks) {
    XattrSet set;
    std::vector<char> names(4096);
    ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
    if (length < 0 && errno == ERANGE) {
        names.resize(65536);  // XATTR_LIST_MAX
        length = ::llistxattr(path.c_str(), names.data(), names.size());
    }
    if (length < 0) {
        if (errno == ENOTSUP) return set;
        refuse("the extended attributes cannot be read");
    }
    for (const char* name = names.data(); name < names.data() + length; name += std::string_view(name).size() + 1) {
        if (!belongs_on_card(name) && !(with_overlay_marks && is_overlay_mark(name))) continue;
        std::string value(65536, '\0');  // XATTR_SIZE_MAX
        const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
        if (size < 0) {
            if (errno == ENODATA) continue;
            refuse(std::string("the extended attribute ") + name + " cannot be read");
        }
        value.resize(static_cast<std::size_t>(size));
        set.emplace_back(name, std::move(value));
    }
    return set;
}

std::optional<std::string> capability_without_namespace(const std::string& value, std::uint32_t root) {
    if (value.size() != namespaced_capability_size) return std::nullopt;
    Bytes bytes = to_bytes(value);
    if (load_le<std::uint32_t>(&bytes[capability_size]) != root) return std::nullopt;
    bytes.resize(capability_size);
    const auto magic = load_le<std::uint32_t>(bytes.data());
    store_le<std::uint32_t>(bytes.data(), (magic & ~capability_revision_mask) | capability_revision_2);
    return std::string(as_text(bytes));
}

}  // namespace rpixen
