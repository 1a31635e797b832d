#pragma once

#include <string_view>
#include <vector>

#include "boot/boot_plan.hpp"

namespace rpixen {

/// Which boards can start dom0 with the dom0_mem of this command line, by Xen's 1:1 allocator
/// (boot/dom0_memory.hpp). What stands in memory when Xen starts is taken from the map: the modules, the
/// device tree and the first page.
std::vector<BoardFit> board_fits(const MemoryMap& memory, std::string_view xen_bootargs);

}  // namespace rpixen
