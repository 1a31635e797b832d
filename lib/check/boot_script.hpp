#pragma once

#include <optional>
#include <string>
#include <vector>

#include "boot/scenario.hpp"
#include "check/uboot_shell.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// The script that U-Boot's standard boot would find, in its order.
struct FoundScript {
    ScriptFacts facts;
    bool runs = false;  ///< false: U-Boot would not run it (damaged, or a source text only)
};

/// Nothing where there is neither a boot.scr nor the text of one. Throws Error{io}.
std::optional<FoundScript> find_script(const FileTree& boot);

/// extlinux.conf, which U-Boot looks for before it looks for boot.scr: as a script in `start`, with its
/// variables. Nothing where there is none that names a kernel; `notes` then says so. Throws Error{io}.
std::optional<FoundScript> find_extlinux(const FileTree& boot, UBootStart& start,
                                         std::vector<std::string>& notes);

/// uboot.env; nothing where it is not there. Throws Error{io}.
std::optional<SavedEnvironmentFacts> saved_environment(const FileTree& boot);

/// The last step that failed, and what the script said to that; empty where none did.
std::string last_failure(const std::vector<UBootStep>& steps);

}  // namespace rpixen
