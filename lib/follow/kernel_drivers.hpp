#pragma once

#include "rules/scenario.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// What the card's files tell of dom0's kernel beside the kernel itself: /boot/config-RELEASE where none is embedded,
/// /lib/modules/RELEASE/modules.builtin, and the modules there. `boot` is the boot partition. Throws Error{io}.
void look_for_drivers(const FileTree& root, const FileTree& boot, KernelFacts& kernel);

}  // namespace rpixen
