#include "devicetree/slack.hpp"

#include <libfdt.h>

#include <algorithm>

namespace rpixen {
namespace {

constexpr std::uint64_t page = 0x1000;
/// Five struct fdt_reserve_entry of 16 bytes that fdt_shrink_to_minimum leaves room for.
constexpr std::uint64_t reserve_entries = 80;

bool applies_with_room(const DeviceTree& base, std::span<const DeviceTree> overlays, std::uint64_t room) {
    Bytes tree(base.used_size() + room);
    if (fdt_open_into(base.bytes().data(), tree.data(), narrow<int>(tree.size())) < 0) return false;
    return std::all_of(overlays.begin(), overlays.end(), [&](const DeviceTree& overlay) {
        Bytes scratch = overlay.bytes();  // is damaged by applying
        return fdt_overlay_apply(tree.data(), scratch.data()) == 0;
    });
}

}  // namespace

std::uint64_t resized_total(const DeviceTree& tree, std::uint64_t address, std::uint64_t extra) {
    const std::uint64_t in_page = address % page;
    const std::uint64_t size = checked_add(tree.used_size() + reserve_entries, extra);
    return align_up(checked_add(size, in_page), page) - in_page;
}

std::uint64_t resize_slack(const DeviceTree& tree, std::uint64_t address, std::uint64_t extra) {
    return resized_total(tree, address, extra) - tree.used_size();
}

std::uint64_t least_resize_slack(const DeviceTree& tree, std::uint64_t extra) {
    std::uint64_t least = resize_slack(tree, 0, extra);
    for (std::uint64_t address = 8; address < page; address += 8)
        least = std::min(least, resize_slack(tree, address, extra));
    return least;
}

std::uint64_t room_needed(const DeviceTree& base, std::span<const DeviceTree> overlays) {
    constexpr std::uint64_t limit = 4 * MiB;
    std::uint64_t enough = 256;
    while (!applies_with_room(base, overlays, enough)) {
        if (enough >= limit)
            throw Error(ErrorCode::unfit, "the overlays cannot be applied to the device tree with any room");
        enough *= 2;
    }
    std::uint64_t low = 0;
    while (low < enough) {
        const std::uint64_t middle = low + (enough - low) / 2;
        if (applies_with_room(base, overlays, middle))
            enough = middle;
        else
            low = middle + 1;
    }
    return enough;
}

bool applies_after_resize(const DeviceTree& base, std::span<const DeviceTree> overlays, std::uint64_t address,
                          std::uint64_t extra) {
    return applies_with_room(base, overlays, resize_slack(base, address, extra));
}

}  // namespace rpixen
