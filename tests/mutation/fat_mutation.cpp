#include "mutation/fat_mutation.hpp"

#include <algorithm>

namespace rpixen::test {

// Offsets: Microsoft FAT specification 1.03.
FatMutation::FatMutation(MutatedFile& file) : file_(file) {
    sector_ = file.number<std::uint16_t>(11);
    cluster_size_ = sector_ * file.number<std::uint8_t>(13);
    const std::uint64_t reserved = file.number<std::uint16_t>(14);
    tables_ = file.number<std::uint8_t>(16);
    const std::uint64_t root_entries = file.number<std::uint16_t>(17);
    std::uint64_t sectors = file.number<std::uint16_t>(19);
    if (sectors == 0) sectors = file.number<std::uint32_t>(32);
    std::uint64_t table_sectors = file.number<std::uint16_t>(22);
    const bool fat32 = table_sectors == 0;
    if (fat32) table_sectors = file.number<std::uint32_t>(36);
    table_ = reserved * sector_;
    table_size_ = table_sectors * sector_;
    root_ = table_ + tables_ * table_size_;
    root_size_ = root_entries * 32;
    data_ = root_ + root_size_;
    clusters_ = static_cast<std::uint32_t>((sectors * sector_ - data_) / cluster_size_);
    bits_ = fat32 ? 32 : clusters_ < 4085 ? 12 : 16;
    if (fat32) {
        root_ = place_of(file.number<std::uint32_t>(44));
        root_size_ = cluster_size_;
    }
    for (std::uint32_t cluster = 2; cluster < std::min(clusters_ + 2, 2000U); ++cluster)
        if (entry(cluster) != 0) used_.push_back(cluster);
}

std::uint32_t FatMutation::entry(std::uint32_t cluster) const {
    if (bits_ == 32) return file_.number<std::uint32_t>(table_ + std::uint64_t{cluster} * 4) & 0xfffffff;
    if (bits_ == 16) return file_.number<std::uint16_t>(table_ + std::uint64_t{cluster} * 2);
    const auto pair = file_.number<std::uint16_t>(table_ + cluster + cluster / 2);
    return cluster % 2 == 0 ? pair & 0xfffU : pair >> 4;
}

void FatMutation::set_entry(std::uint64_t table, std::uint32_t cluster, std::uint32_t value) {
    if (bits_ == 32) return file_.set(table + std::uint64_t{cluster} * 4, value);
    if (bits_ == 16) return file_.set(table + std::uint64_t{cluster} * 2, static_cast<std::uint16_t>(value));
    const std::uint64_t place = table + cluster + cluster / 2;
    const auto old = file_.number<std::uint16_t>(place);
    const std::uint32_t pair = cluster % 2 == 0 ? (old & 0xf000U) | (value & 0xfffU) : (old & 0xfU) | value << 4;
    file_.set(place, static_cast<std::uint16_t>(pair));
}

void FatMutation::boot_sector() {
    static const std::vector<std::uint64_t> fields{11, 13, 14, 16, 17, 19, 21, 22, 32,
                                                   36, 40, 44, 48, 50, 64, 65, 66, 510};
    const std::uint64_t at = chance_.one_in(4) ? chance_.below(90) : chance_.of(fields);
    const std::uint64_t info = bits_ == 32 && chance_.one_in(4)
                                   ? std::uint64_t{sector_} * file_.number<std::uint16_t>(48) + 484 + chance_.below(12)
                                   : 0;
    const std::uint64_t place = info != 0 ? info : at;
    const auto value = static_cast<std::uint8_t>(chance_.value(file_.number<std::uint8_t>(place), 1));
    file_.set(place, value);
    // The backup too, as a program that writes both would.
    if (bits_ == 32 && info == 0 && !chance_.one_in(4)) file_.set(at + std::uint64_t{6} * sector_, value);
}

void FatMutation::chain() {
    const std::uint32_t cluster = chance_.one_in(8) ? static_cast<std::uint32_t>(chance_.below(clusters_ + 4))
                                                    : chance_.of(used_);
    const std::uint32_t end = bits_ == 32 ? 0xfffffff : (1U << bits_) - 1;
    std::uint32_t value = 0;
    switch (chance_.below(4)) {
        case 0:
            value = chance_.of(used_);
            break;
        case 1:
            value = chance_.of(
                std::vector<std::uint32_t>{0, 1, end, end - 7, end - 8, end - 15, clusters_ + 1, clusters_ + 2});
            break;
        case 2:
            value = static_cast<std::uint32_t>(chance_.below(clusters_ + 8));
            break;
        default:
            value = static_cast<std::uint32_t>(chance_.value(entry(cluster), 4)) & end;
    }
    const std::uint64_t tables = chance_.one_in(8) ? 1 : tables_;
    for (std::uint64_t table = 0; table < tables; ++table) set_entry(table_ + table * table_size_, cluster, value);
}

std::vector<std::uint64_t> FatMutation::entries() const {
    std::vector<std::uint64_t> found;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> places{{root_, root_size_}};
    for (std::size_t next = 0; next < places.size() && found.size() < 400; ++next)
        for (std::uint64_t at = places[next].first; at < places[next].first + places[next].second; at += 32) {
            const Bytes raw = file_.read(at, 32);
            if (raw[0] == std::byte{0}) break;
            found.push_back(at);
            const auto attributes = std::to_integer<unsigned>(raw[11]);
            const auto first = load_le<std::uint16_t>(&raw[26]);
            if ((attributes & 0x18U) == 0x10U && raw[0] != std::byte{'.'} && first >= 2)
                places.emplace_back(place_of(first), cluster_size_);
        }
    return found;
}

void FatMutation::directory() {
    const std::uint64_t at = chance_.of(entries());
    struct Field {
        std::uint64_t offset;
        std::size_t size;
    };
    // Name, attributes, case, times, first cluster, size; of a long name its number, checksum and letters.
    static const std::vector<Field> fields{{0, 1},  {1, 1},  {8, 1},  {11, 1}, {12, 1}, {13, 1},
                                           {20, 2}, {22, 2}, {24, 2}, {26, 2}, {28, 4}};
    const Field& field = chance_.of(fields);
    Bytes bytes = file_.read(at + field.offset, field.size);
    std::uint64_t old = 0;
    for (std::size_t index = field.size; index-- > 0;) old = old << 8 | std::to_integer<std::uint64_t>(bytes[index]);
    const std::uint64_t value = field.offset == 26 && chance_.one_in(2) ? chance_.of(used_)
                                                                        : chance_.value(old, field.size);
    for (std::size_t index = 0; index < field.size; ++index)
        bytes[index] = static_cast<std::byte>(value >> (8 * index));
    file_.write(at + field.offset, bytes);
}

}  // namespace rpixen::test
