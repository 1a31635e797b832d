#pragma once

#include "card/card.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::test {

/// A root file system that stresses every edge: hard links, symlinks of all lengths, devices, fifos, sockets,
/// sparse files, extended attributes, capabilities, access control lists, setuid, huge owners, nanosecond
/// times, names of any bytes and of 255 bytes, a large directory.
FileTree edge_root_tree(unsigned large_directory_entries = 2000);

/// The same for a FAT: long, short, mixed-case and non-ASCII names, folders of many entries, an empty file.
FileTree edge_boot_tree();

/// A small card with both of them.
Card edge_plan();

}  // namespace rpixen::test
