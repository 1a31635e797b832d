#include "artifact/whiteout.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/printable.hpp"

namespace rpixen {
namespace {

constexpr std::string_view prefix = ".wh.";
constexpr std::string_view aufs_prefix = ".wh..wh.";
constexpr std::string_view opaque_name = ".wh..wh..opq";

std::string_view without_slashes(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return path;
}

/// "./a", "/a" and "a" are one name.
std::string_view from_top(std::string_view path) {
    while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(1);
    return path;
}

std::string_view overlay_key(std::string_view xattr) {
    for (const std::string_view space : {"trusted.overlay.", "user.overlay."})
        if (xattr.starts_with(space)) return xattr.substr(space.size());
    return {};
}

}  // namespace

Whiteout whiteout_of(std::string_view path) {
    path = from_top(without_slashes(path));
    if (path.starts_with(aufs_prefix) && path != opaque_name)
        return {Whiteout::Kind::aufs, {}, std::string(path.substr(0, path.find('/')))};
    const std::size_t slash = path.rfind('/');
    const std::string_view name = path.substr(slash + 1);  // npos + 1 is 0
    if (!name.starts_with(prefix)) return {};
    std::string folder(slash == std::string_view::npos ? "" : path.substr(0, slash));
    if (name == opaque_name) return {Whiteout::Kind::opaque, std::move(folder), {}};
    const std::string_view gone = name.substr(prefix.size());
    if (gone.empty() || gone == "." || gone == "..")
        throw Error(ErrorCode::artifact, "a whiteout names nothing in its folder", "'" + printable(name) + "'",
                    "'.wh.' and a name", "make the layer again, or leave it out");
    return {Whiteout::Kind::name, std::move(folder), std::string(gone)};
}

OverlayMarks take_overlay_marks(XattrSet& xattrs) {
    OverlayMarks marks;
    for (const auto& [name, value] : xattrs) {
        const std::string_view key = overlay_key(name);
        if (key == "opaque") marks.opaque = value == "y";
        if (key == "whiteout") marks.whiteout = true;
        if (key == "redirect" || key == "metacopy")
            throw Error(ErrorCode::artifact, "an overlay's upper folder keeps a part of this elsewhere",
                        "'" + printable(name) + "'", "whole files and folders",
                        "mount the overlay and give what it shows, or a tar of it");
    }
    std::erase_if(xattrs, [](const auto& xattr) { return !overlay_key(xattr.first).empty(); });
    return marks;
}

}  // namespace rpixen
