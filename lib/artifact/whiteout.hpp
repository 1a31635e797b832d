#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tree/file_tree.hpp"

namespace rpixen {

/// How a layer says that something of the layers below is gone.
/// Facts: OCI image-spec layer.md, "Whiteouts"; Docker pkg/archive/whiteouts.go (names of AUFS); Linux
/// Documentation/filesystems/overlayfs.rst.
struct Whiteout {
    enum class Kind : std::uint8_t {
        none,
        name,    ///< ".wh.NAME": NAME is gone
        opaque,  ///< ".wh..wh..opq": everything in its folder is gone
        aufs,    ///< what AUFS keeps for itself (".wh..wh.plnk", ...); hard links may lead into it
    } kind = Kind::none;
    std::string folder;  ///< that it stands in; "" is the top
    std::string name;    ///< of Kind::name: what is gone; of Kind::aufs: its first component
};

/// What a member's path says by itself. Throws Error{artifact} (without a place) where a whiteout names
/// nothing inside its folder (".wh.", ".wh...").
Whiteout whiteout_of(std::string_view path);

/// What overlayfs says in the attributes `trusted.overlay.*` or `user.overlay.*` of an upper folder's
/// members.
struct OverlayMarks {
    bool opaque = false;    ///< a folder that hides what it covers
    bool whiteout = false;  ///< an empty file that stands for one (Linux 6.7)
};

/// Takes those attributes out of `xattrs`. Throws Error{artifact} (without a place) where they say that data
/// or names lie elsewhere (metacopy, redirect): the layer alone is not what its overlay showed.
OverlayMarks take_overlay_marks(XattrSet& xattrs);

}  // namespace rpixen
