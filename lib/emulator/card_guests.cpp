#include "emulator/card_guests.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "devicetree/device_tree.hpp"
#include "follow/xl_config.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t largest_tree = 16 * MiB;

bool is_guest(const DeviceTree& tree, const std::string& path) {
    const auto words = tree.strings(path, "compatible");
    return std::find(words.begin(), words.end(), "xen,domain") != words.end();
}

/// In the order in which Xen will find them: an overlay is turned round when it is applied.
void add_guests_of_tree(const DeviceTree& tree, std::vector<CardGuest>& guests) {
    std::vector<CardGuest> found;
    for (const std::string& path : tree.paths())
        if (is_guest(tree, path))
            found.push_back({tree.string(path, "label").value_or(path.substr(path.rfind('/') + 1)), 0});
    if (tree.is_overlay()) std::reverse(found.begin(), found.end());
    unsigned number = 0;
    for (CardGuest& guest : found) {
        guest.number = ++number;
        const bool known = std::any_of(guests.begin(), guests.end(),
                                       [&](const CardGuest& other) { return other.name == guest.name; });
        if (!known) guests.push_back(guest);
    }
}

void add_guests_of_boot(const FileTree& tree, NodeId folder, std::vector<CardGuest>& guests) {
    for (const EntryId entry : tree.children(folder)) {
        const NodeId node = tree.entry_node(entry);
        const std::string_view name = tree.entry_name(entry);
        if (tree.type(node) == NodeType::directory && name == "overlays") add_guests_of_boot(tree, node, guests);
        if (tree.type(node) != NodeType::file || tree.size(node) > largest_tree) continue;
        if (!name.ends_with(".dtb") && !name.ends_with(".dtbo")) continue;
        try {
            add_guests_of_tree(DeviceTree::parse(read_all(tree.content(node)), name), guests);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io) throw;
        }
    }
}

}  // namespace

std::vector<CardGuest> guests_of(const Card& card) {
    std::vector<CardGuest> guests;
    if (const Partition* boot = card.boot_partition()) add_guests_of_boot(boot->tree, FileTree::root(), guests);
    for (const Partition& partition : card.partitions)
        if (partition.ext())
            for (const XlGuestFacts& guest : survey_xl_guests(partition.tree)) guests.push_back({guest.name, 0});
    return guests;
}

unsigned number_of_guest(const std::vector<CardGuest>& guests, const std::string& name, const std::string& image) {
    std::string known;
    for (const CardGuest& guest : guests) {
        if (guest.name == name) return guest.number;
        known.append(known.empty() ? "" : ", ").append(guest.name);
    }
    throw Error(ErrorCode::artifact, "the card starts no guest of this name: " + image, name,
                known.empty() ? "a card with guests" : known);
}

}  // namespace rpixen
