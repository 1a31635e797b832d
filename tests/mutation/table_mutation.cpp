#include "mutation/table_mutation.hpp"

#include "format/crc32.hpp"

namespace rpixen::test {
namespace {

constexpr std::uint64_t sector = 512;

void change(MutatedFile& disk, Chance& chance, std::uint64_t place, std::size_t size) {
    if (size == 1) return disk.set(place, static_cast<std::uint8_t>(chance.value(disk.number<std::uint8_t>(place), 1)));
    disk.set(place, static_cast<std::uint32_t>(chance.value(disk.number<std::uint32_t>(place), 4)));
}

/// The CRCs of a copy whose header lies at `header` (UEFI 2.10, 5.3.2).
void correct(MutatedFile& disk, std::uint64_t header, std::uint64_t entries) {
    const auto size = disk.number<std::uint32_t>(header + 12);
    const std::uint64_t bytes = std::uint64_t{disk.number<std::uint32_t>(header + 80)} *
                                disk.number<std::uint32_t>(header + 84);
    if (bytes <= 32768) disk.set(header + 88, crc32(disk.read(entries, static_cast<std::size_t>(bytes))));
    if (size > sector) return;
    disk.set(header + 16, std::uint32_t{0});
    disk.set(header + 16, crc32(disk.read(header, size)));
}

}  // namespace

void mutate_mbr(MutatedFile& disk, Chance& chance) {
    std::uint64_t table = 446;
    if (chance.one_in(3))
        for (std::uint64_t entry = 0; entry < 4; ++entry)
            if (disk.number<std::uint8_t>(446 + 16 * entry + 4) == 5)
                table = disk.number<std::uint32_t>(446 + 16 * entry + 8) * sector + 446;
    const std::uint64_t entry = table + 16 * chance.below(4);
    // Entries of type 0 stay so: to U-Boot and the firmware one with a place is no partition, to sfdisk it is.
    if (disk.number<std::uint8_t>(entry + 4) == 0) return change(disk, chance, entry + 4, 1);
    switch (chance.below(4)) {
        case 0:
            return change(disk, chance, entry + (chance.one_in(2) ? 0 : 4), 1);
        case 1:
            return change(disk, chance, entry + 8, 4);
        case 2:
            return change(disk, chance, entry + 12, 4);
        default:
            return change(disk, chance, entry + chance.below(16), 1);
    }
}

void mutate_gpt(MutatedFile& disk, Chance& chance) {
    const std::uint64_t last = disk.size() / sector - 1;
    struct Copy {
        std::uint64_t header;
        std::uint64_t entries;
    };
    const Copy copies[2]{{sector, 2 * sector}, {last * sector, (last - 32) * sector}};
    if (chance.one_in(6)) return mutate_mbr(disk, chance);
    const bool in_header = chance.one_in(2);
    const std::uint64_t offset = in_header ? 4 * chance.below(23) : 128 * chance.below(3) + 4 * chance.below(32);
    const bool both = !chance.one_in(3);
    const std::size_t only = chance.below(2);
    const std::uint64_t place = (in_header ? copies[0].header : copies[0].entries) + offset;
    const auto value = static_cast<std::uint32_t>(chance.value(disk.number<std::uint32_t>(place), 4));
    const bool with_checksum = !chance.one_in(6);
    for (std::size_t copy = 0; copy < 2; ++copy) {
        if (!both && copy != only) continue;
        disk.set((in_header ? copies[copy].header : copies[copy].entries) + offset, value);
        if (with_checksum) correct(disk, copies[copy].header, copies[copy].entries);
    }
}

}  // namespace rpixen::test
