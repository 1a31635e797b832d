#pragma once

#include <string>
#include <vector>

#include "base/size.hpp"
#include "devicetree/device_tree.hpp"

namespace rpixen {

/// A fixed region below /reserved-memory: a child with a reg of at least one byte that is not disabled.
/// (Children with only a size are placed by the kernel later; Devicetree Specification 0.4, section 3.5.)
struct ReservedMemory {
    std::string path;
    Range range;
};

/// In the order of the tree.
std::vector<ReservedMemory> reserved_memory(const DeviceTree& tree);

/// Splits a reg property into (address, size) pairs of `address_cells` and `size_cells` cells (each 0 to 2).
/// Incomplete entries and ranges that leave 64 bits are left out.
std::vector<Range> decode_reg(const std::vector<std::uint32_t>& cells, std::uint32_t address_cells,
                              std::uint32_t size_cells);

/// One (address, size) pair as cells; throws Error{unfit} where a number does not fit.
std::vector<std::uint32_t> encode_reg(const Range& range, std::uint32_t address_cells, std::uint32_t size_cells);

}  // namespace rpixen
