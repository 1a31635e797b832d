#pragma once

#include <string_view>

// What the manifest's strings may hold. Each rule gives nothing where the text is right, and otherwise what
// is allowed. The schema's patterns say the same; tests/manifest holds the two against each other.

namespace rpixen::text_rules {

/// Any path: not empty, no NUL.
std::string_view path(std::string_view text);
/// A pattern of paths as in gitignore(5), which takes none back with '!'.
std::string_view path_pattern(std::string_view text);
/// The release's name: part of file names.
std::string_view release_name(std::string_view text);
std::string_view sha256(std::string_view text);
/// A kernel's or Xen's command line. Xen stops at a module's command line of more than 1,024 bytes with its
/// NUL (xen/include/xen/bootfdt.h, BOOTMOD_MAX_CMDLINE), and U-Boot's lines would break at a control
/// character.
std::string_view command_line(std::string_view text);
/// The same of a guest: it also stands in quotes in xl's configuration.
std::string_view guest_command_line(std::string_view text);
/// The name of a U-Boot environment variable, as the shell can write it (`${name}`).
std::string_view variable_name(std::string_view text);
/// The value of one. Newlines and other control characters would break the script and the environment's text
/// form.
std::string_view variable_value(std::string_view text);
/// One line of config.txt.
std::string_view config_line(std::string_view text);
/// A FAT volume label (Microsoft FAT specification 1.03, "FAT Directory Structure": 11 bytes, no lower case).
std::string_view fat_label(std::string_view text);
/// An ext4 volume label: 16 bytes (s_volume_name).
std::string_view ext4_label(std::string_view text);
/// An absolute path in normal form.
std::string_view target(std::string_view text);
/// What FAT's long names cannot hold besides.
std::string_view fat_target(std::string_view text);
/// Permission bits in octal: "0644", "4755".
std::string_view mode(std::string_view text);
/// A path that ends in <name>.dtbo, where <name> can stand in a U-Boot script.
std::string_view overlay_path(std::string_view text);
/// A guest's name: part of file names, U-Boot's variables and xl's configuration.
std::string_view guest_name(std::string_view text);
/// A network interface's name (Linux dev_valid_name: at most 15 bytes), as configuration files can hold it.
std::string_view interface_name(std::string_view text);

}  // namespace rpixen::text_rules
