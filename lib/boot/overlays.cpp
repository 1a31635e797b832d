#include "boot/overlays.hpp"

#include "devicetree/overlay.hpp"

namespace rpixen {
namespace {

const std::string chosen_path = "/chosen";

DeviceTree apply_all(const DeviceTree& base, std::span<const NamedOverlay> overlays) {
    DeviceTree tree = base;
    for (const NamedOverlay& overlay : overlays) tree = merge(tree, overlay.tree, overlay.name);
    return tree;
}

/// Writes what this card needs into an overlay that brings dom0's kernel module.
void write_into_overlay(NamedOverlay& overlay, const std::string& part, const DeviceTree& target,
                        const ChosenForXen& chosen) {
    write_chosen(overlay.tree, part, chosen, target.cell(chosen_path, "#address-cells"),
                 target.cell(chosen_path, "#size-cells"), NodeOrder::turned_round);
    if (overlay.built_in) {
        unsigned number = 1;
        for (const std::string& pcie : pcie_without_device_type(target)) {
            const std::string name = "fragment@" + std::to_string(number++);
            overlay.tree.add_node("/", name);
            overlay.tree.set_string("/" + name, "target-path", pcie);
            overlay.tree.add_node("/" + name, "__overlay__");
            overlay.tree.set_string("/" + name + "/__overlay__", "device_type", "pci");
        }
    }
    overlay.tree.pack();
}

bool any_built_in(std::span<const NamedOverlay> overlays) {
    for (const NamedOverlay& overlay : overlays)
        if (overlay.built_in) return true;
    return false;
}

void ensure_chosen(DeviceTree& tree) {
    if (!tree.has(chosen_path)) tree.add_node("/", "chosen");
}

}  // namespace

std::vector<DeviceTree> trees_of(std::span<const NamedOverlay> overlays) {
    std::vector<DeviceTree> trees;
    for (const NamedOverlay& overlay : overlays) trees.push_back(overlay.tree);
    return trees;
}

CardTrees merge_for_card(const DeviceTree& base, std::vector<NamedOverlay> overlays, const ChosenForXen& chosen) {
    DeviceTree with_chosen = base;
    ensure_chosen(with_chosen);
    DeviceTree merged = apply_all(with_chosen, overlays);
    write_chosen(merged, chosen_path, chosen);
    if (any_built_in(overlays))
        for (const std::string& pcie : pcie_without_device_type(merged)) merged.set_string(pcie, "device_type", "pci");
    merged.pack();
    std::vector<bool> changed;
    for (NamedOverlay& overlay : overlays) {
        const auto part = overlay.built_in ? find_chosen_part(overlay.tree) : std::nullopt;
        if (part) write_into_overlay(overlay, *part, base, chosen);
        changed.push_back(part.has_value());
    }
    return {merged, std::move(overlays), merged, true, std::move(changed)};
}

CardTrees prepare_for_boot(const DeviceTree& base, std::vector<NamedOverlay> overlays, const ChosenForXen& chosen) {
    DeviceTree on_card = base;
    bool base_changed = !base.has(chosen_path);
    ensure_chosen(on_card);
    std::vector<bool> changed(overlays.size(), false);
    bool written = false;
    for (std::size_t index = overlays.size(); index-- > 0 && !written;) {
        const auto part = find_chosen_part(overlays[index].tree);
        if (!part) continue;
        write_into_overlay(overlays[index], *part, apply_all(on_card, std::span(overlays).first(index)), chosen);
        changed[index] = true;
        written = true;
    }
    if (!written) {
        write_chosen(on_card, chosen_path, chosen);
        base_changed = true;
    }
    if (base_changed) on_card.pack();
    DeviceTree effective = apply_all(on_card, overlays);
    return {std::move(on_card), std::move(overlays), std::move(effective), base_changed, std::move(changed)};
}

}  // namespace rpixen
