#include <algorithm>

#include "devicetree/overlay.hpp"
#include "devicetree/slack.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void overlay(ByteView input) {
    const std::size_t end = input.size() < 8 ? 0
                                             : std::min<std::size_t>(load_be<std::uint32_t>(&input[4]), input.size());
    const DeviceTree base = DeviceTree::parse(input.first(end), "the base");
    const DeviceTree overlay = DeviceTree::parse(input.subspan(end), "the overlay");
    unresolved(base, overlay, "the overlay");
    const DeviceTree merged = merge(base, overlay, "the overlay");
    DeviceTree::parse(merged.bytes(), "what was made of both");
    const std::vector<DeviceTree> overlays{overlay};
    applies_after_resize(base, overlays, 0x2600000, room_needed(base, overlays));
}

}  // namespace rpixen::fuzz
