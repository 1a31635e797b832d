#include "rules/scenario.hpp"

#include <algorithm>

namespace rpixen {

std::uint64_t xen_runs_at(const XenFacts& xen) {
    constexpr std::uint64_t alignment = 2 * MiB;
    if (xen.in_place || !xen.address || !xen.header || xen.header->text_offset > *xen.address)
        return xen.address.value_or(0);
    const std::uint64_t base = *xen.address - xen.header->text_offset;
    if (base > std::numeric_limits<std::uint64_t>::max() - xen.header->text_offset - alignment) return *xen.address;
    return align_up(base, alignment) + xen.header->text_offset;
}

const char* name_of(ImageKind kind) noexcept {
    switch (kind) {
        case ImageKind::unknown:
            return "of an unknown kind";
        case ImageKind::arm64:
            return "an arm64 Image";
        case ImageKind::arm32:
            return "a 32-bit zImage";
        case ImageKind::gzip:
            return "packed with gzip";
        case ImageKind::packed:
            return "packed with something other than gzip";
        case ImageKind::zboot:
            return "an EFI zboot image";
        case ImageKind::uimage:
            return "a legacy uImage";
        case ImageKind::elf:
            return "an ELF file";
        case ImageKind::efi:
            return "an EFI program without an arm64 header";
    }
    return "of an unknown kind";
}

std::vector<std::string> config_values(const FirmwareFacts& firmware, std::string_view key) {
    const BoardModel& board = firmware.board ? *firmware.board : raspberry_pi_4b();
    std::vector<std::string> values;
    for (const ConfigLine& line : firmware.config)
        if (line.key == key && board.takes(line.section)) values.push_back(line.value);
    return values;
}

std::optional<std::string> config_value(const FirmwareFacts& firmware, std::string_view key) {
    const auto values = config_values(firmware, key);
    if (values.empty()) return std::nullopt;
    return values.back();
}

bool header_has_pl011(const FirmwareFacts& firmware) {
    for (const std::string& value : config_values(firmware, "dtoverlay"))
        for (const char* name : {"disable-bt", "miniuart-bt", "pi3-disable-bt", "pi3-miniuart-bt"})
            if (value.substr(0, value.find(',')) == name) return true;
    return false;
}

bool has_dom0(const BootScenario& scenario) {
    if (!scenario.device_tree || !scenario.device_tree->effective) return true;
    const TreeFacts& tree = *scenario.device_tree->effective;
    return tree.guests.empty() || std::any_of(tree.modules.begin(), tree.modules.end(),
                                              [](const ModuleFacts& module) { return module.domain.empty(); });
}

}  // namespace rpixen
