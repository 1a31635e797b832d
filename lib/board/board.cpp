#include "board/board.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

namespace rpixen::board {
namespace {

constexpr std::uint64_t old_script = 0x2400000;  // up to v2025.04

std::optional<std::uint64_t> parse_number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failure != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

/// The last "key=value" of config.txt, in MiB.
std::optional<std::uint64_t> config_number(std::span<const std::string> lines, std::string_view key) {
    std::optional<std::uint64_t> value;
    for (const std::string_view line : lines)
        if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == '=')
            if (const auto number = parse_number(line.substr(key.size() + 1), 10)) value = number;
    return value;
}

/// Whether the release is at least this one; unknown releases are told by `otherwise`.
bool at_least(const UBootRelease& uboot, int year, int month, bool otherwise) {
    if (uboot.year == 0) return otherwise;
    return uboot.year != year ? uboot.year > year : uboot.month >= month;
}

}  // namespace

unsigned memory_code(std::uint64_t board_memory) {
    constexpr unsigned other_size = 7;
    if (!std::has_single_bit(board_memory)) return other_size;
    return static_cast<unsigned>(std::bit_width(board_memory / (256 * MiB))) - 1;
}

std::uint64_t low_memory_end(std::span<const std::string> config_txt) {
    constexpr std::uint64_t whole = 1024;
    const std::uint64_t total = std::clamp<std::uint64_t>(config_number(config_txt, "total_mem").value_or(whole), 128,
                                                          whole);
    const auto share = config_number(config_txt, "gpu_mem_1024");
    const std::uint64_t gpu = std::clamp<std::uint64_t>(
        share ? *share : config_number(config_txt, "gpu_mem").value_or(76), 16, 944);
    return (total > gpu + 64 ? total - gpu : 64) * MiB;
}

std::optional<std::uint64_t> environment_address(const UBootRelease& uboot, const std::string& name) {
    const auto found = uboot.environment.find(name);
    if (found == uboot.environment.end()) return std::nullopt;
    std::string_view text = found->second;
    if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
    const auto value = parse_number(text, 16);
    if (!value || *value >= 0xffffffff) return std::nullopt;
    return value;
}

Windows windows(const UBootRelease& uboot) {
    const auto script = environment_address(uboot, "scriptaddr");
    const bool recent = at_least(uboot, 2025, 7, script && *script != old_script);
    const auto address = [&](const char* name, std::uint64_t before, std::uint64_t since) {
        return environment_address(uboot, name).value_or(recent ? since : before);
    };
    Windows result;
    result.script = script.value_or(recent ? 0x5400000 : old_script);
    result.tree = address("fdt_addr_r", 0x2600000, 0x5600000);
    result.ramdisk = address("ramdisk_addr_r", 0x2700000, 0x5700000);
    const bool says_high = uboot.environment.contains("fdt_high");
    if (says_high ? environment_address(uboot, "fdt_high").has_value() : recent)
        result.relocation_end = environment_address(uboot, says_high ? "fdt_high" : "bootm_size").value_or(0x20000000);
    return result;
}

bool fdt_addr_is_free(const UBootRelease& uboot) {
    if (uboot.year != 0) return !at_least(uboot, 2026, 1, false);
    const auto script = environment_address(uboot, "scriptaddr");
    return script && *script == old_script;
}

}  // namespace rpixen::board
