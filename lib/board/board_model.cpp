#include "board/board_model.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace rpixen {
namespace {

constexpr std::string_view board_type = "board-type=";

constexpr std::array<std::string_view, 1> filters_4b{"pi4"};
constexpr std::array<std::string_view, 2> filters_400{"pi4", "pi400"};
constexpr std::array<std::string_view, 2> filters_cm4{"pi4", "cm4"};

constexpr std::array<std::uint64_t, 4> from_1_to_8_gib{1 * GiB, 2 * GiB, 4 * GiB, 8 * GiB};
constexpr std::array<std::uint64_t, 1> only_4_gib{4 * GiB};

constexpr std::array family{
    BoardModel{"Raspberry Pi 4 B", "4 Model B", 0x11, 4, "bcm2711-rpi-4-b.dtb", filters_4b, "raspberrypi,4-model-b",
               from_1_to_8_gib},
    BoardModel{"Raspberry Pi 400", "400", 0x13, 0, "bcm2711-rpi-400.dtb", filters_400, "raspberrypi,400", only_4_gib},
    // Linux and Debian call its tree bcm2711-rpi-cm4-io.dtb.
    BoardModel{"Compute Module 4", "Compute Module 4", 0x14, 0, "bcm2711-rpi-cm4.dtb", filters_cm4,
               "raspberrypi,4-compute-module", from_1_to_8_gib},
};

}  // namespace

bool BoardModel::takes(std::string_view filter) const {
    if (filter == "all") return true;
    if (!filter.starts_with(board_type)) return std::find(filters.begin(), filters.end(), filter) != filters.end();
    filter.remove_prefix(board_type.size());
    const bool hexadecimal = filter.starts_with("0x") || filter.starts_with("0X");
    if (hexadecimal) filter.remove_prefix(2);
    unsigned code = 0;
    const auto [end, failure] = std::from_chars(filter.data(), filter.data() + filter.size(), code,
                                                hexadecimal ? 16 : 10);
    return failure == std::errc{} && end == filter.data() + filter.size() && code == type_code;
}

std::span<const BoardModel> board_models() {
    return family;
}

const BoardModel& raspberry_pi_4b() {
    return family.front();
}

const BoardModel* board_of_tree(const std::vector<std::string>& root_compatible) {
    for (const BoardModel& model : family)
        if (std::find(root_compatible.begin(), root_compatible.end(), model.compatible) != root_compatible.end())
            return &model;
    return nullptr;
}

}  // namespace rpixen
