#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/diagnostic.hpp>

#include "rules/scenario.hpp"

// One table for each chapter of docs/diagnostics.md. A rule is what is known of it and the function that
// applies it, so a rule without a check, or a check without a story, cannot be written.

namespace rpixen {

/// One way in which a scenario breaks a rule.
struct Finding {
    std::string message;  ///< one sentence without a full stop
    std::string found;
    std::string allowed;
    std::string change;
    Location location{};
};
using Findings = std::vector<Finding>;

struct Rule {
    DiagnosticRule known;
    Findings (*check)(const BootScenario&);
};

std::span<const Rule> xen_rules();
std::span<const Rule> kernel_rules();
std::span<const Rule> placement_rules();
std::span<const Rule> device_tree_rules();
std::span<const Rule> module_rules();
std::span<const Rule> overlay_rules();
std::span<const Rule> memory_rules();
std::span<const Rule> script_rules();
std::span<const Rule> uboot_rules();
std::span<const Rule> firmware_rules();
std::span<const Rule> disk_rules();
std::span<const Rule> root_rules();
std::span<const Rule> guest_rules();
std::span<const Rule> static_memory_rules();
std::span<const Rule> xl_guest_rules();
std::span<const Rule> efi_rules();

/// What Xen, its modules, the tree's reservations and the static memory of guests take of memory. The scratch place of
/// overlays is free again when Xen starts.
std::vector<Range> taken_by_modules(const BootScenario& scenario);

/// What is left for guests on a board of this size, beside dom0 and what stands in memory; nothing where dom0 itself
/// does not fit, or the board lacks static memory of a guest.
std::optional<std::uint64_t> left_beside_dom0(const BootScenario& scenario, std::uint64_t board_memory);

/// The guests that Xen starts, where the tree that it reads is known.
std::span<const GuestFacts> guests_of_xen(const BootScenario& scenario);

/// What is set aside by address for the guests that Xen starts.
std::vector<Range> static_memory_of_guests(const BootScenario& scenario);

/// What the guests take that Xen starts, in bytes, beside their static memory.
std::uint64_t asked_by_guests(const BootScenario& scenario);

/// Whether the kernel is known to have this driver neither built in nor as a module on the root file system.
bool lacks_driver(const KernelFacts& kernel, const char* option, const char* module);

/// "16,252,928 bytes (0xf80000)"
std::string describe_size(std::uint64_t bytes);
/// "0x480000-0x1400000", the end not included
std::string describe_range(const Range& range);
/// "a, b and c"
std::string describe_list(const std::vector<std::string>& words);

/// [address, address + size), cut off at the end of 64 bits; untrusted numbers are welcome.
Range range_at(std::uint64_t address, std::uint64_t size);

/// The words of a kernel command line, quotes kept together.
std::vector<std::string> split_command_line(std::string_view text);
/// The value of `name=value` (the last one); nothing where it is not there. "name" alone has the value "".
std::optional<std::string> command_line_value(std::string_view text, std::string_view name);

}  // namespace rpixen
