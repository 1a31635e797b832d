#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "artifact/artifact_set.hpp"
#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// A file of a FAT, found without regard to case; nothing where it is not there or is a directory.
std::optional<Content> find_boot_file(const FileTree& tree, std::string_view path);

/// Up to `most` bytes of it; empty where it is not there.
Bytes read_boot_file(const FileTree& tree, std::string_view path, std::uint64_t most);

/// config.txt with what it includes on this board (null: any), and the names of all files. Throws Error{io}.
FirmwareFacts survey_firmware(const FileTree& tree, const BoardModel* board);

/// Whether a processor could run it: 64 bytes at least, and no text. Throws Error{io}.
bool can_be_program(const Content& content);

/// What the file says of itself. Throw Error{io}.
XenFacts survey_xen(const std::string& file, const Content& content);
KernelFacts survey_kernel(const std::string& file, const Content& content);
/// The same of one that was examined.
KernelFacts kernel_facts(const KernelArtifact& kernel);
UBootFacts survey_uboot(const std::string& file, const Content& content);

}  // namespace rpixen
