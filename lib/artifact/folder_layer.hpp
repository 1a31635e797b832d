#pragma once

#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "artifact/artifact_set.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Lays a folder over `tree`. Its files are opened when they are written.
///
/// What belongs to the owner (or group) of the top folder belongs to 0 in the tree, so that a tree unpacked
/// without root rights gives a root-owned one; every other number is kept. Of the extended attributes user.*,
/// security.capability and the POSIX access control lists are taken: the others label the host. Sparse files
/// keep their holes. Other file systems mounted inside are left out. `with_top`: the tree's root takes the
/// top folder's mode, time and attributes (not for a layer over others, whose own top folder says nothing of
/// the card). Throws Error{artifact} with every member that cannot be read or placed.
void add_folder(FileTree& tree, const std::string& path, bool with_top, const Supervision& supervision);

/// The regular files in a folder and below, sorted by path; symlinks to files are followed, since FAT has
/// none. Throws Error{artifact}: no readable folder, or something in it is neither a file nor a folder.
std::vector<FirmwareFile> list_folder(const std::string& path, const Supervision& supervision);

}  // namespace rpixen
