#include <algorithm>

#include "board/dom0_memory.hpp"
#include "rules/rules.hpp"

// Guests of Xen whose memory is set aside by address (xen,static-mem), and which may be mapped one to one
// (direct-map): xen docs/misc/arm/device-tree/booting.txt, "Static Allocation".

namespace rpixen {
namespace {

constexpr std::uint64_t page = 4 * KiB;

/// Of a Xen whose version is known.
bool older_than(const BootScenario& scenario, int minor) {
    return scenario.xen && scenario.xen->major == 4 && scenario.xen->minor < minor;
}

std::string describe_ranges(const std::vector<Range>& ranges) {
    std::vector<std::string> words;
    for (const Range& range : ranges) words.push_back(describe_range(range));
    return describe_list(words);
}

Findings wrong_sum(const BootScenario& scenario) {
    Findings findings;
    for (const GuestFacts& guest : guests_of_xen(scenario)) {
        if (!guest.static_memory) continue;
        std::uint64_t sum = 0;
        bool pages = !guest.static_ranges.empty();
        for (const Range& range : guest.static_ranges) {
            sum += range.size();
            pages = pages && range.begin % page == 0 && range.end % page == 0;
        }
        if (pages && (!guest.memory || sum == *guest.memory)) continue;
        findings.push_back({"the static memory of " + guest.path + " is not what Xen takes",
                            guest.static_ranges.empty() ? "an xen,static-mem that is no list of addresses and sizes"
                                                        : describe_ranges(guest.static_ranges) + ", memory of " +
                                                              (guest.memory ? describe_size(*guest.memory) : "no size"),
                            "whole pages, with the cells of /chosen, in sum what memory says",
                            guest.static_ranges.empty()
                                ? "write address and size with #address-cells and #size-cells of /chosen"
                                : "set memory to " + std::to_string(sum / KiB) + " KiB, or the places to it"});
    }
    return findings;
}

struct Taker {
    std::string name;
    Range range;
};

/// What has its place when Xen reads the tree.
std::vector<Taker> takers(const BootScenario& scenario) {
    std::vector<Taker> all{{"the other cores' spin table", {0, 0x1000}}};
    using Role = Placement::Role;
    for (const Placement& placement : scenario.placements)
        if (placement.role == Role::xen || placement.role == Role::module || placement.role == Role::guest ||
            placement.role == Role::device_tree)
            all.push_back({placement.name, placement.range});
    if (!scenario.device_tree || !scenario.device_tree->effective) return all;
    for (const TreeFacts::Reservation& reservation : scenario.device_tree->effective->reservations)
        all.push_back({reservation.memreserve ? "/memreserve/" : reservation.name, reservation.range});
    return all;
}

Findings taken(const BootScenario& scenario) {
    Findings findings;
    std::vector<Taker> others;
    for (const GuestFacts& guest : guests_of_xen(scenario)) {
        if (others.empty() && !guest.static_ranges.empty()) others = takers(scenario);
        std::vector<Taker> all = others;
        if (guest.direct_map && guest.enhanced) all.push_back({"its own grants and magic pages", grants_of_guests});
        for (const Range& range : guest.static_ranges) {
            for (const Taker& other : all)
                if (range.overlaps(other.range))
                    findings.push_back({"the static memory of " + guest.path + " is not free",
                                        describe_range(range) + ", " + other.name + " " + describe_range(other.range),
                                        "no byte in common", "move one of them"});
            all.push_back({"static memory of " + guest.path, range});
            others.push_back(all.back());
        }
    }
    return findings;
}

struct Boards {
    std::vector<std::string> with;
    std::vector<std::string> without;
};

/// Those that have the guests' static memory.
Boards boards_for(const BootScenario& scenario) {
    Boards boards;
    const std::vector<Range> ranges = static_memory_of_guests(scenario);
    if (ranges.empty()) return boards;
    const BoardModel* model = scenario.firmware ? scenario.firmware->board : nullptr;
    for (const std::uint64_t board : model ? model->memories : std::span(board_memories))
        (has_memory(board, ranges) ? boards.with : boards.without).push_back(std::to_string(board / GiB) + " GB");
    return boards;
}

Findings no_board(const BootScenario& scenario) {
    if (const Boards boards = boards_for(scenario); !boards.with.empty() || boards.without.empty()) return {};
    return {{"no board has memory where a guest's static memory is", describe_ranges(static_memory_of_guests(scenario)),
             "below 0x3b400000; on boards of 2 GB or more 0x40000000 and above too", "choose other addresses"}};
}

Findings some_boards(const BootScenario& scenario) {
    const Boards boards = boards_for(scenario);
    if (boards.with.empty() || boards.without.empty()) return {};
    return {{"not every board has memory where a guest's static memory is",
             describe_ranges(static_memory_of_guests(scenario)) + ": boards with " + describe_list(boards.with) +
                 ", not with " + describe_list(boards.without),
             "below 0x3b400000, which every board has",
             "choose lower addresses where the card is meant for smaller boards too"}};
}

Findings map_without_memory(const BootScenario& scenario) {
    Findings findings;
    if (older_than(scenario, 17)) return {};  // passes direct-map over
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.direct_map && !guest.static_memory)
            findings.push_back({guest.path + " is to be mapped one to one, and has no static memory",
                                "direct-map without xen,static-mem", "both, or neither",
                                "add xen,static-mem, or remove direct-map"});
    return findings;
}

Findings console_without_room(const BootScenario& scenario) {
    Findings findings;
    if (older_than(scenario, 17)) return {};
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.direct_map && guest.static_memory && guest.vpl011)
            findings.push_back({"the vpl011 of " + guest.path + " has no room where Xen's own console is",
                                "vpl011 and direct-map", "no vpl011 in a guest that is mapped one to one",
                                "remove vpl011, and use Xen's paravirtual console or none"});
    return findings;
}

Findings no_xenstore(const BootScenario& scenario) {
    if (!older_than(scenario, 21) || !has_dom0(scenario)) return {};
    Findings findings;
    for (const GuestFacts& guest : guests_of_xen(scenario))
        if (guest.static_memory && guest.xenstore)
            findings.push_back({guest.path + " has static memory, and will get no xenstore from this Xen",
                                "Xen 4." + std::to_string(scenario.xen->minor) + ", xen,static-mem and xen,enhanced",
                                "Xen 4.21 or newer, or one of the two",
                                "use a newer Xen, xen,enhanced = \"no-xenstore\", or memory that Xen finds"});
    return findings;
}

constexpr Rule rules[] = {
    {{.id = "guest-static-memory-wrong",
      .rule = "G12",
      .severity = Severity::error,
      .title = "A guest's static memory is not what its memory property says",
      .why = "Xen panics with \"Failed to allocate requested static memory\", or \"Failed to assign requested static "
             "memory for direct-map domain\".",
      .story = "The places of xen,static-mem are the whole memory of the guest: Xen does not add to them from its "
               "heap. "
               "Their numbers have the cells of the node above, /chosen (from 4.17 on, 942ac5fc15). Memory comes in "
               "pages of 4 KiB.",
      .source = "xen docs/misc/arm/device-tree/booting.txt; xen/common/device-tree/static-memory.c "
                "allocate_static_memory, assign_static_memory_11"},
     wrong_sum},
    {{.id = "guest-static-memory-taken",
      .rule = "G13",
      .severity = Severity::error,
      .title = "A guest's static memory is used by something else",
      .why = "Xen 4.18 and newer refuse the node (\"Region: ... overlapping\"), older ones give the guest what another "
             "still uses, or panic with \"Failed to allocate requested static memory\".",
      .story = "Xen keeps the places of xen,static-mem out of its heap as it does with reserved memory. Modules, the "
               "device tree, Xen itself and reserved memory must not lie there, nor another guest's. A guest that is "
               "mapped one to one finds its grants at 0x38000000 nevertheless, so with xen,enhanced it can have no "
               "memory there.",
      .source = "xen xen/common/device-tree/bootinfo-fdt.c device_tree_get_meminfo (6f7d56ccd3); "
                "xen/include/public/arch-arm.h GUEST_GNTTAB_BASE"},
     taken},
    {{.id = "guest-static-memory-impossible",
      .rule = "G14",
      .severity = Severity::error,
      .title = "No board has memory where a guest's static memory is",
      .why = "Xen panics with \"Failed to allocate requested static memory\".",
      .story = "A Raspberry Pi 4 has memory below 0x3b400000 (the GPU has the rest of the first GiB), from 1 GiB up to "
               "0xfc000000 and from 4 GiB on, as far as its size goes.",
      .source = "xen xen/common/page_alloc.c acquire_domstatic_pages; linux arch/arm/boot/dts/broadcom/bcm2711.dtsi"},
     no_board},
    {{.id = "guest-static-memory-excludes-boards",
      .rule = "G14a",
      .severity = Severity::warning,
      .title = "Only some boards have memory where a guest's static memory is",
      .why = "On a smaller board Xen panics with \"Failed to allocate requested static memory\".",
      .story = "As guest-static-memory-impossible, for some of the boards.",
      .source = "xen xen/common/page_alloc.c acquire_domstatic_pages"},
     some_boards},
    {{.id = "guest-direct-map-without-static-memory",
      .rule = "G15",
      .severity = Severity::error,
      .title = "A guest is to be mapped one to one, and its memory has no address",
      .why = "Xen panics with \"direct-map is not valid for domain ... without static allocation\".",
      .story = "direct-map gives a guest its memory at the board's own addresses, so these have to be chosen.",
      .source = "xen xen/common/device-tree/dom0less-bindings.c parse_dom0less_node (75591dcfe0, 4.17)"},
     map_without_memory},
    {{.id = "guest-direct-map-console",
      .rule = "G16",
      .severity = Severity::error,
      .title = "A guest that is mapped one to one is given a vpl011",
      .why = "Xen says \"vpl011: Can't re-use the Xen UART MMIO region as it is too small\" and panics with \"Could "
             "not "
             "set up domain\"; 4.17 goes on, and the guest's console is dead.",
      .story = "In such a guest the emulated PL011 stands where the UART of Xen's own console is, and needs 4 KiB. The "
               "mini UART of a bcm2711 has 64 bytes, its PL011s 512.",
      .source = "xen xen/arch/arm/vpl011.c domain_vpl011_init; linux arch/arm/boot/dts/broadcom/bcm283x.dtsi"},
     console_without_room},
    {{.id = "guest-xenstore-with-static-memory",
      .rule = "G17",
      .severity = Severity::warning,
      .title = "A guest with static memory asks an older Xen for xenstore",
      .why = "init-dom0less stops with \"Error on alloc magic pages\", and the guest waits for its paravirtual "
             "devices.",
      .story = "Up to 4.20 dom0 allocates xenstore's page in the guest, and Xen finds none for a guest whose memory is "
               "set "
               "aside by address. From 4.21 on Xen allocates it when it builds the guest (df2c03e2eb).",
      .source = "xen df2c03e2eb; docs/misc/arm/device-tree/booting.txt, xen,enhanced \"legacy\""},
     no_xenstore},
};

}  // namespace

std::span<const Rule> static_memory_rules() {
    return rules;
}

}  // namespace rpixen
