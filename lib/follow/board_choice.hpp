#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "follow/uboot/uboot_shell.hpp"

namespace rpixen {

/// The boards that the script knows by their type: on each of them it loads or changes something else than on
/// a board that it never heard of. The Raspberry Pi 4 B is one of them too where it is started as such a
/// board. Empty where the script does not ask what board it runs on. Throws Error{io}.
std::vector<const BoardModel*> boards_of_script(UBootStart start, const UBootScriptText& entry);

/// dom0_mem= as Xen gets it on boards of this model with so many bytes, where the script asks which board it
/// runs on and chooses by that; empty where it is the same on all. Throws Error{io}.
std::map<std::uint64_t, std::string> dom0_mem_of_board(UBootStart start, const UBootScriptText& entry);

}  // namespace rpixen
