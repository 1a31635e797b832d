#include "devicetree/reserved_memory.hpp"

#include <limits>

namespace rpixen {

std::vector<Range> decode_reg(const std::vector<std::uint32_t>& cells, std::uint32_t address_cells,
                              std::uint32_t size_cells) {
    std::vector<Range> result;
    if (address_cells > 2 || size_cells > 2 || address_cells + size_cells == 0) return result;
    const std::size_t stride = address_cells + size_cells;
    for (std::size_t entry = 0; entry + stride <= cells.size(); entry += stride) {
        std::uint64_t address = 0;
        std::uint64_t size = 0;
        for (std::size_t index = 0; index < address_cells; ++index) address = address << 32 | cells[entry + index];
        for (std::size_t index = address_cells; index < stride; ++index) size = size << 32 | cells[entry + index];
        if (size > std::numeric_limits<std::uint64_t>::max() - address) continue;
        result.push_back({address, address + size});
    }
    return result;
}

std::vector<std::uint32_t> encode_reg(const Range& range, std::uint32_t address_cells, std::uint32_t size_cells) {
    std::vector<std::uint32_t> cells;
    const auto append = [&](std::uint64_t value, std::uint32_t count) {
        if (count == 0 || count > 2 || (count == 1 && value > std::numeric_limits<std::uint32_t>::max()))
            throw Error(ErrorCode::unfit, "a memory region cannot be written into the device tree",
                        format_address(value) + " in " + std::to_string(count) + " cells", "1 or 2 cells of 32 bits",
                        "set #address-cells and #size-cells of the node above to 1 or 2");
        if (count == 2) cells.push_back(static_cast<std::uint32_t>(value >> 32));
        cells.push_back(static_cast<std::uint32_t>(value));
    };
    append(range.begin, address_cells);
    append(range.size(), size_cells);
    return cells;
}

std::vector<ReservedMemory> reserved_memory(const DeviceTree& tree) {
    const std::string parent = "/reserved-memory";
    // A missing property means 2 and 1 (Devicetree Specification 0.4, section 2.3.5).
    const std::uint32_t address_cells = tree.cell(parent, "#address-cells").value_or(2);
    const std::uint32_t size_cells = tree.cell(parent, "#size-cells").value_or(1);
    std::vector<ReservedMemory> result;
    for (const std::string& name : tree.children(parent)) {
        const std::string path = parent + "/" + name;
        const auto status = tree.string(path, "status");
        if (status && *status != "okay" && *status != "ok") continue;
        for (const Range& range : decode_reg(tree.cells(path, "reg"), address_cells, size_cells))
            if (!range.empty()) result.push_back({path, range});
    }
    return result;
}

}  // namespace rpixen
