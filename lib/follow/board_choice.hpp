#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "follow/uboot/uboot_shell.hpp"

namespace rpixen {

/// dom0_mem= as Xen gets it on boards of so many bytes, where the script asks which board it runs on and
/// chooses by that; empty where it is the same on all. Throws Error{io}.
std::map<std::uint64_t, std::string> dom0_mem_of_board(UBootStart start, const UBootScriptText& entry);

}  // namespace rpixen
