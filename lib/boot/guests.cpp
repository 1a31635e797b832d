#include "boot/guests.hpp"

#include "board/dom0_memory.hpp"

namespace rpixen {

std::string guest_file(const Guest& guest, GuestModuleKind kind) {
    return guest.start == GuestStart::xen ? "guests/" + guest.name + "/" + row_of(kind).file
                                          : "var/lib/xen/images/" + guest.name + "/" + row_of(kind).key;
}

std::string guest_disk_file(const Guest& guest) {
    return "var/lib/xen/images/" + guest.name + "/disk.img";
}

namespace {

GuestModule module_of(const Guest& guest, GuestModuleKind kind, const Content& content,
                      std::optional<ModuleKind> of_dom0) {
    const GuestModuleRow& row = row_of(kind);
    GuestModule module;
    module.kind = kind;
    module.of_dom0 = of_dom0;
    module.file = of_dom0 ? row_of(*of_dom0).file : guest_file(guest, kind);
    module.variable = "load_guest_" + guest.name + "_" + row.key;
    module.content = content;
    return module;
}

std::optional<ModuleKind> shared(bool of_dom0, ModuleKind kind) {
    return of_dom0 ? std::optional(kind) : std::nullopt;
}

}  // namespace

std::vector<Dom0lessGuest> dom0less_guests(const Manifest& manifest, const ArtifactSet& artifacts) {
    std::vector<Dom0lessGuest> guests;
    for (std::size_t index = 0; index < manifest.guests.size(); ++index) {
        const Guest& guest = manifest.guests[index];
        if (guest.start != GuestStart::xen) continue;
        const GuestArtifacts& parts = artifacts.guests.at(index);
        Dom0lessGuest& result = guests.emplace_back();
        result.name = guest.name;
        result.memory = guest.memory;
        result.vcpus = guest.vcpus;
        result.bootargs = guest.command_line();
        result.vpl011 = guest.console == GuestConsole::vpl011;
        result.enhanced = guest.pv;
        result.direct_map = guest.direct_map;
        if (guest.static_memory) {
            result.static_memory.emplace();
            for (const MemoryBank& bank : *guest.static_memory)
                result.static_memory->push_back({bank.address, checked_add(bank.address, bank.size)});
        }
        result.modules.push_back(module_of(guest, GuestModuleKind::kernel, parts.kernel.content,
                                           shared(guest.kernel.of_dom0, ModuleKind::kernel)));
        for (const auto& [kind, artifact] : parts.modules) {
            const bool of_dom0 = kind == GuestModuleKind::initrd && guest.initrd->of_dom0;
            result.modules.push_back(module_of(guest, kind, artifact.content, shared(of_dom0, ModuleKind::initrd)));
        }
    }
    return guests;
}

GuestsMemory guests_memory(const Manifest& manifest) {
    GuestsMemory sum;
    for (const Guest& guest : manifest.guests) {
        const std::uint64_t taken = guest.static_memory ? page_tables_of_guest(guest.memory, guest.vcpus)
                                                        : taken_by_guest(guest.memory, guest.vcpus);
        if (guest.start == GuestStart::xen)
            sum.of_xen = checked_add(sum.of_xen, taken);
        else if (guest.autostart)
            sum.of_xl = checked_add(sum.of_xl, taken);
    }
    return sum;
}

}  // namespace rpixen
