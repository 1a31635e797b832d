#include "fs/fat/table.hpp"

#include <algorithm>

namespace rpixen {
namespace {

constexpr std::uint32_t bad_cluster = 0x0ffffff7;

/// Bytes of a FAT that hold entries 0 ... clusters + 1.
std::uint64_t table_bytes(unsigned kind, std::uint32_t clusters) {
    return divide_up((std::uint64_t{clusters} + 2) * kind, 8);
}

}  // namespace

std::uint32_t readable_clusters(const FatBootSector& boot, std::uint64_t size) {
    const std::uint64_t in_table = std::uint64_t{boot.fat_sectors} * boot.bytes_per_sector * 8 / boot.kind();
    const std::uint64_t data_begin = std::uint64_t{boot.first_data_sector()} * boot.bytes_per_sector;
    const std::uint64_t in_volume = size > data_begin ? (size - data_begin) / boot.cluster_size() : 0;
    return static_cast<std::uint32_t>(
        std::min({std::uint64_t{boot.clusters()}, in_table > 2 ? in_table - 2 : 0, in_volume}));
}

FatTable::FatTable(OpenContent& volume, const FatBootSector& boot, std::uint32_t clusters)
    : boot_(boot),
      kind_(boot.kind()),
      clusters_(clusters),
      bytes_(table_bytes(boot.kind(), clusters)),
      claimed_(std::size_t{clusters} + 2) {
    volume.read(std::uint64_t{boot.reserved_sectors} * boot.bytes_per_sector, bytes_);
}

std::uint32_t FatTable::differing_copy(OpenContent& volume) const {
    Bytes part(std::min<std::size_t>(bytes_.size(), MiB));
    for (std::uint32_t copy = 1; copy < boot_.fat_count; ++copy) {
        const std::uint64_t begin = (boot_.reserved_sectors + std::uint64_t{copy} * boot_.fat_sectors) *
                                    boot_.bytes_per_sector;
        for (std::size_t done = 0; done < bytes_.size();) {
            const MutableBytes out = MutableBytes(part).first(std::min(part.size(), bytes_.size() - done));
            volume.read(begin + done, out);
            if (!std::equal(out.begin(), out.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(done))) return copy;
            done += out.size();
        }
    }
    return 0;
}

bool FatTable::begins_as_a_fat() const {
    const std::uint32_t entry_zero = kind_ == 32 ? load_le<std::uint32_t>(bytes_.data()) & 0x0fffffff
                                                 : load_le<std::uint16_t>(bytes_.data()) & ((1U << kind_) - 1);
    const std::uint32_t ones = kind_ == 32 ? 0x0fffffff : (1U << kind_) - 1;
    return (entry_zero | 0xfU) == ones;  // 0xf0 and 0xf8 to 0xff are media
}

bool FatTable::dirty() const {
    if (kind_ == 12) return false;
    const std::uint32_t clean = kind_ == 32 ? 0x0c000000 : 0xc000;
    const std::uint32_t entry_one = kind_ == 32 ? load_le<std::uint32_t>(bytes_.data() + 4)
                                                : load_le<std::uint16_t>(bytes_.data() + 2);
    return (entry_one & clean) != clean;
}

std::uint32_t FatTable::entry(std::uint32_t cluster) const {
    if (kind_ == 32) return load_le<std::uint32_t>(bytes_.data() + std::size_t{cluster} * 4) & 0x0fffffff;
    std::uint32_t value = 0;
    std::uint32_t least_special = 0;
    if (kind_ == 16) {
        value = load_le<std::uint16_t>(bytes_.data() + std::size_t{cluster} * 2);
        least_special = 0xfff7;
    } else {
        // Two entries share three bytes.
        const std::uint32_t pair = load_le<std::uint16_t>(bytes_.data() + std::size_t{cluster} * 3 / 2);
        value = cluster % 2 == 0 ? pair & 0xfffU : pair >> 4;
        least_special = 0xff7;
    }
    return value < least_special ? value : bad_cluster + (value - least_special);
}

FatTable::Chain FatTable::claim(std::uint32_t first) {
    Chain chain;
    if (first == 0) {
        chain.end = End::empty;
        return chain;
    }
    for (std::uint32_t cluster = first;;) {
        if (!exists(cluster)) {
            chain.end = End::outside;
            return chain;
        }
        if (claimed_[cluster]) {
            const bool own = std::any_of(chain.runs.begin(), chain.runs.end(), [&](const ClusterRun& run) {
                return cluster >= run.first && cluster - run.first < run.count;
            });
            chain.end = own ? End::loop : End::shared;
            return chain;
        }
        const std::uint32_t next = entry(cluster);
        if (next == 0 || next == bad_cluster) {
            chain.end = next == 0 ? End::free : End::bad;
            return chain;
        }
        claimed_[cluster] = true;
        ++chain.clusters;
        if (!chain.runs.empty() && chain.runs.back().first + chain.runs.back().count == cluster)
            ++chain.runs.back().count;
        else
            chain.runs.push_back({cluster, 1});
        if (next > bad_cluster) return chain;
        cluster = next;
    }
}

std::uint32_t FatTable::free_clusters() const {
    std::uint32_t count = 0;
    for (std::uint32_t cluster = 2; exists(cluster); ++cluster) count += entry(cluster) == 0;
    return count;
}

std::uint32_t FatTable::used_end() const {
    std::uint32_t end = clusters_ + 2;
    while (end > 2 && entry(end - 1) == 0) --end;
    return end;
}

std::uint32_t FatTable::lost_clusters() const {
    std::uint32_t count = 0;
    for (std::uint32_t cluster = 2; exists(cluster); ++cluster)
        count += entry(cluster) != 0 && entry(cluster) != bad_cluster && !claimed_[cluster];
    return count;
}

}  // namespace rpixen
