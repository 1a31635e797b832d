#pragma once

#include <string>

namespace rpixen {

/// The folder of a path: what stands before its last name, "." where there is nothing.
std::string folder_of(const std::string& path);

/// Where a file of this name is to be written: a symlink at its end is followed, also one that leads to no
/// file yet, so that the file it stands for is replaced and not the link. Throws Error{io}: the path leads to
/// an open descriptor (/proc/self/fd/1, whatever that is) or into /dev (but not /dev/shm), or links lead to
/// each other.
std::string resolve_output(const std::string& path);

/// Whether both names stand for one file: the same file where both exist, else the same name in one folder.
bool same_file(const std::string& one, const std::string& other);

/// Whether the path lies in the folder, at any depth. False where there is no such folder.
bool lies_in(const std::string& path, const std::string& folder);

}  // namespace rpixen
