#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/size.hpp"

namespace rpixen {

/// A board of the Raspberry Pi 4 family: what tells it from the others.
struct BoardModel {
    std::string_view name;        ///< for messages: "Raspberry Pi 400"
    std::string_view uboot_name;  ///< U-Boot's ${board_name}
    /// Bits 4 to 11 of the revision code; U-Boot has it in ${board_rev}.
    unsigned type_code = 0;
    /// Bits 0 to 3 of the revision code: of the boards that are sold.
    unsigned revision = 0;
    /// The device tree that firmware and U-Boot ask for.
    std::string_view tree;
    /// Names in config.txt's filters, [pi4] and the like.
    std::span<const std::string_view> filters;
    std::string_view compatible;              ///< in the root of its device tree
    std::span<const std::uint64_t> memories;  ///< RAM in bytes, ascending

    /// Whether config.txt's lines under this filter ("all", "pi400", "board-type=0x13") are for this board.
    bool takes(std::string_view filter) const;
};

/// The family, the Raspberry Pi 4 B first. Facts: Raspberry Pi documentation ("New-style revision codes",
/// config.txt "Conditional filters"), U-Boot board/raspberrypi/rpi/rpi.c (rpi_models_new_scheme). The Compute
/// Module 4S is not in it: U-Boot has no model for it and Linux no device tree.
std::span<const BoardModel> board_models();

/// The first of the family.
const BoardModel& raspberry_pi_4b();

/// The board whose device tree has this root compatible; null where it is none of the family.
const BoardModel* board_of_tree(const std::vector<std::string>& root_compatible);

}  // namespace rpixen
