#pragma once

#include <optional>
#include <string>
#include <vector>

#include "follow/uboot/uboot_shell.hpp"
#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// A script, or what amounts to one.
struct FoundScript {
    ScriptFacts facts;
    bool runs = false;     ///< false: U-Boot would not run it (damaged, or a source text only)
    UBootScriptText text;  ///< what is run
};

/// A boot.scr. Throws Error{io}.
FoundScript read_script(const std::string& file, const Content& content);

/// boot.cmd and the like, the text that boot.scr is made from, where somebody forgot to make it. Throws
/// Error{io}.
std::optional<FoundScript> find_script_source(const FileTree& boot);

/// An extlinux.conf as a script, with its variables in `start`. Nothing where it names no kernel; `notes`
/// then says so. Throws Error{io}.
std::optional<FoundScript> read_extlinux(const std::string& file, const Content& content, UBootStart& start,
                                         std::vector<std::string>& notes);

/// uboot.env; nothing where it is not there. Throws Error{io}.
std::optional<SavedEnvironmentFacts> saved_environment(const FileTree& boot);

/// The last step that failed, and what the script said to that; empty where none did.
std::string last_failure(const std::vector<UBootStep>& steps);

}  // namespace rpixen
