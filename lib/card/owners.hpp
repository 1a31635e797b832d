#pragma once

#include <rpixen/manifest.hpp>

#include "tree/file_tree.hpp"

namespace rpixen {

/// Gives the files that the manifest's "owners" name their owners and modes, a later row after an earlier
/// one. A symlink has no mode of its own; an access control list follows the mode, as chmod(2) has it. Throws
/// Error{unfit} with every row that matches nothing.
void apply_owners(const Manifest& manifest, FileTree& root);

}  // namespace rpixen
