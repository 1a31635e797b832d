#include <algorithm>
#include <array>

#include "base/size.hpp"
#include "base/text.hpp"
#include "manifest/sections.hpp"
#include "manifest/text_rules.hpp"

namespace rpixen {
namespace {

/// xl counts in MiB, the device tree in KiB.
constexpr SizeLimits memory_limits{.least = MiB, .most = 8 * GiB, .unit = MiB};
/// As many as a GICv2 serves (xen/arch/arm/vgic-v2.c), which is what the boards have.
constexpr std::uint64_t most_vcpus = 8;

GuestFile read_guest_file(const JsonValue& value, Problems& problems, const std::string& folder) {
    if (!is_word(value, "dom0")) return {false, read_reference(value, problems, folder)};
    GuestFile file;
    file.of_dom0 = true;
    file.artifact.location = value.location;
    return file;
}

void read_initrd(const JsonValue& value, Problems& problems, const Manifest& manifest, Guest& guest) {
    guest.initrd = read_guest_file(value, problems, manifest.folder);
    if (guest.initrd->of_dom0 && !manifest.modules.contains("initrd"))
        problems.add(value, "dom0 has no initrd that a guest could have too",
                     "\"dom0\" where \"artifacts\" has an \"initrd\"", "name the guest's own, or leave it out");
}

/// Keys that one kind of guest has and the other has not.
void complain_of_kind(const JsonValue* value, GuestStart has, const Guest& guest, Problems& problems,
                      std::string_view change) {
    if (!value || guest.start == has) return;
    problems.add(
        *value,
        "a guest that is started by " + std::string(guest.start == GuestStart::xen ? "Xen" : "xl") + " has no such key",
        std::string("this key where \"start\" is \"") + (has == GuestStart::xen ? "xen" : "xl") + '"',
        std::string(change));
}

/// Xen takes whole pages (xen/common/device-tree/static-memory.c acquire_static_memory_bank).
constexpr std::uint64_t page = 4 * KiB;
/// As many as Xen has places for in a guest that is mapped one to one (NR_MEM_BANKS), and far more than are of use.
constexpr std::size_t most_banks = 16;

MemoryBank read_bank(const JsonValue& value, Problems& problems) {
    constexpr SizeLimits limits{.least = page, .most = 4 * GiB - page, .unit = page};
    MemoryBank bank;
    ObjectReader object(value, problems);
    if (const JsonValue* address = object.required("address")) {
        bank.address = read_address(*address, problems).value_or(0);
        if (bank.address % page != 0)
            problems.add(*address, "static memory begins in the middle of a page", "a multiple of 0x1000");
    }
    if (const JsonValue* size = object.required("size")) bank.size = read_size(*size, limits, problems).value_or(0);
    if (bank.address + bank.size > 4 * GiB)
        problems.add(value, "static memory reaches beyond 4 GiB", "to end at or below 0x100000000");
    object.finish();
    return bank;
}

void read_static_memory(const JsonValue& value, Problems& problems, Guest& guest) {
    guest.static_memory.emplace();
    if (is_word(value, "auto")) return;
    std::uint64_t sum = 0;
    for (const JsonValue& element : read_array(value, problems)) {
        guest.static_memory->push_back(read_bank(element, problems));
        sum += guest.static_memory->back().size;
    }
    const std::size_t banks = guest.static_memory->size();
    if (value.type != JsonValue::Type::array) return;  // told already
    if (banks == 0 || banks > most_banks)
        problems.add(value, "static memory of " + std::to_string(banks) + " places",
                     "\"auto\", or 1 to " + std::to_string(most_banks) + " places");
    else if (guest.memory != 0 && sum != 0 && sum != guest.memory)
        problems.add(value, "the places of the static memory are not the guest's \"memory\" in sum",
                     format_size(guest.memory), "make \"memory\" " + format_size(sum) + ", or the places");
}

void read_console(const JsonValue* value, Problems& problems, Guest& guest) {
    guest.console = guest.usual_console();
    if (!value) return;
    static constexpr std::array<std::string_view, 3> consoles{"vpl011", "pv", "none"};
    if (const auto choice = read_choice(*value, consoles, problems)) guest.console = static_cast<GuestConsole>(*choice);
    if (guest.start == GuestStart::xen && guest.console == GuestConsole::pv && !guest.pv)
        problems.add(*value, "a guest without paravirtual interfaces has no paravirtual console",
                     "\"pv\" beside \"pv\": \"on\"", "write \"vpl011\", or add \"pv\": \"on\"");
}

Guest read_guest(const JsonValue& value, Problems& problems, const Manifest& manifest) {
    Guest guest;
    guest.location = value.location;
    ObjectReader object(value, problems);
    if (const JsonValue* name = object.required("name")) {
        guest.name = read_text(*name, problems, text_rules::guest_name).value_or("");
        guest.location = name->location;
    }
    if (const JsonValue* start = object.required("start")) {
        static constexpr std::array<std::string_view, 2> starts{"xen", "xl"};
        guest.start = static_cast<GuestStart>(read_choice(*start, starts, problems).value_or(0));
    }
    if (const JsonValue* kernel = object.required("kernel"))
        guest.kernel = read_guest_file(*kernel, problems, manifest.folder);
    if (const JsonValue* initrd = object.optional("initrd")) read_initrd(*initrd, problems, manifest, guest);
    const JsonValue* device_tree = object.optional("device_tree");
    if (device_tree) guest.device_tree = read_reference(*device_tree, problems, manifest.folder);
    if (const JsonValue* memory = object.required("memory"))
        guest.memory = read_size(*memory, memory_limits, problems).value_or(0);
    if (const JsonValue* vcpus = object.optional("vcpus"))
        guest.vcpus = static_cast<std::uint32_t>(read_integer(*vcpus, 1, most_vcpus, problems).value_or(1));
    if (const JsonValue* bootargs = object.optional("bootargs"))
        guest.bootargs = read_text(*bootargs, problems, text_rules::guest_command_line);
    const JsonValue* pv = object.optional("pv");
    if (pv) {
        static constexpr std::array<std::string_view, 2> words{"off", "on"};
        guest.pv = read_choice(*pv, words, problems).value_or(0) == 1;
    }
    const JsonValue* static_memory = object.optional("static_memory");
    if (static_memory) read_static_memory(*static_memory, problems, guest);
    const JsonValue* direct_map = object.optional("direct_map");
    if (direct_map) guest.direct_map = read_boolean(*direct_map, problems).value_or(false);
    if (guest.direct_map && !guest.static_memory && guest.start == GuestStart::xen)
        problems.add(*direct_map, "only static memory can be mapped one to one", "this key beside \"static_memory\"",
                     "add \"static_memory\": \"auto\"");
    read_console(object.optional("console"), problems, guest);
    const JsonValue* disk = object.optional("disk");
    if (disk) guest.disk = read_reference(*disk, problems, manifest.folder);
    const JsonValue* autostart = object.optional("autostart");
    if (autostart) guest.autostart = read_boolean(*autostart, problems).value_or(true);
    object.finish();

    complain_of_kind(device_tree, GuestStart::xen, guest, problems, "remove it: xl makes the guest's device tree");
    complain_of_kind(pv, GuestStart::xen, guest, problems, "remove it: a guest of xl always has them");
    complain_of_kind(static_memory, GuestStart::xen, guest, problems, "remove it, or let Xen start the guest");
    complain_of_kind(direct_map, GuestStart::xen, guest, problems, "remove it, or let Xen start the guest");
    complain_of_kind(disk, GuestStart::xl, guest, problems, "remove it, or let xl start the guest");
    complain_of_kind(autostart, GuestStart::xl, guest, problems, "remove it: Xen starts the guest at every boot");
    return guest;
}

}  // namespace

// The vpl011 of a guest that is mapped one to one stands where Xen's own console is, and no UART of a bcm2711 has the
// 4 KiB that it needs (xen/arch/arm/vpl011.c domain_vpl011_init).
GuestConsole Guest::usual_console() const {
    if (start == GuestStart::xl) return GuestConsole::pv;
    if (!direct_map) return GuestConsole::vpl011;
    return pv ? GuestConsole::pv : GuestConsole::none;
}

std::string Guest::command_line() const {
    if (bootargs) return *bootargs;
    const std::string root = disk && !initrd ? " root=/dev/xvda rw" : "";
    switch (console) {
        case GuestConsole::vpl011:
            return "console=ttyAMA0" + root;
        case GuestConsole::pv:
            return "console=hvc0" + root;
        case GuestConsole::none:
            break;
    }
    return root.empty() ? root : root.substr(1);
}

void read_guests(const JsonValue& value, Problems& problems, Manifest& manifest) {
    for (const JsonValue& element : read_array(value, problems)) {
        Guest guest = read_guest(element, problems, manifest);
        const bool repeated = std::any_of(manifest.guests.begin(), manifest.guests.end(), [&](const Guest& other) {
            return !guest.name.empty() && same_name(other.name, guest.name);
        });
        if (repeated)
            problems.add({"two guests have this name", in_quotes(guest.name),
                          "names that differ, also without regard to case", "rename one of them", guest.location});
        manifest.guests.push_back(std::move(guest));
    }
}

void read_network(const JsonValue& value, Problems& problems, Manifest& manifest) {
    Network network;
    network.location = value.location;
    ObjectReader object(value, problems);
    if (const JsonValue* bridge = object.required("bridge"))
        network.bridge = read_text(*bridge, problems, text_rules::interface_name).value_or("");
    if (const JsonValue* uplink = object.optional("uplink")) {
        network.uplink = read_text(*uplink, problems, text_rules::interface_name);
        if (network.uplink == network.bridge)
            problems.add(*uplink, "the bridge cannot be its own uplink", "another interface than the bridge",
                         "name the network interface, eth0 on a Raspberry Pi 4");
    }
    object.finish();
    manifest.network = std::move(network);
}

}  // namespace rpixen
