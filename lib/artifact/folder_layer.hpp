#pragma once

#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "artifact/artifact_set.hpp"
#include "artifact/layers.hpp"

namespace rpixen {

/// Lays a folder into the tree. Its files are opened when they are written.
///
/// A folder that is in the tree already keeps its mode, owner, time and attributes, unless overlayfs marks it
/// as opaque; the top folder's count where it is the lowest layer. What belongs to the owner (or group) of
/// the top folder belongs to 0 in the tree, unless something in the folder belongs to 0 already: then its
/// numbers are true, and only the top itself goes to 0. A capability of the owner's user namespace follows.
/// Of the extended attributes user.*, security.capability and the POSIX access control lists are taken: the
/// others label the host. Sparse files keep their holes. Other file systems mounted inside are left out.
/// Whiteouts of OCI and overlayfs are applied. Throws Error{artifact} with every member that cannot be read
/// or placed.
void add_folder(Layers& layers, const std::string& path, const Supervision& supervision);

/// The regular files in a folder and below, sorted by path; symlinks to files are followed, since FAT has
/// none. Throws Error{artifact}: no readable folder, or something in it is neither a file nor a folder.
std::vector<FirmwareFile> list_folder(const std::string& path, const Supervision& supervision);

}  // namespace rpixen
