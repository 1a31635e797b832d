#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "follow/uboot/uboot_shell.hpp"
#include "storage/input_file.hpp"
#include "tree/file_tree.hpp"

// What a target makes of its bytes: a file, or several.

namespace rpixen::fuzz {

/// A file in memory that has a descriptor, as an image or a tar has.
std::shared_ptr<const InputFile> file_of(ByteView input);

/// The bytes as a content in memory.
Content content_of(ByteView input);

/// Several files in one text, each behind a line "=== PATH"; what stands before the first such line is the file
/// "/". A file that ends in ".scr" is the text of a U-Boot script, and becomes one with right checksums.
std::map<std::string, Bytes> files_of(ByteView input);

/// Those files as a tree; names that make no path are left out. `below`: only those in this folder ("root/"), which
/// becomes the tree's root.
FileTree tree_of(const std::map<std::string, Bytes>& files, std::string_view below = {});

/// Reads the data of every file and symlink.
void read_every_file(const FileTree& tree);

/// Runs a script in U-Boot's shell on a card whose partitions all have these files, and once more for each step that
/// may fail unnoticed.
void run_script(const std::map<std::string, Bytes>& files, const std::string& script);

}  // namespace rpixen::fuzz
