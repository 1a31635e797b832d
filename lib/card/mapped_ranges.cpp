#include "card/mapped_ranges.hpp"

#include "fs/ext4/layout.hpp"
#include "fs/fat/layout.hpp"

namespace rpixen {
namespace {

constexpr std::uint64_t sector = 512;  ///< bytes: the partition table is the first one

/// Joins runs that touch.
void add(std::vector<Range>& ranges, std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return;
    if (!ranges.empty() && ranges.back().end == begin)
        ranges.back().end = end;
    else
        ranges.push_back({begin, end});
}

void add_partition(std::vector<Range>& ranges, const Partition& partition) {
    const std::uint64_t begin = partition.range.begin;
    if (const Fat* fat = partition.fat()) {
        add(ranges, begin, begin + layout_fat32(partition.tree, *fat, partition.range.size()).used_end());
    } else if (const Copied* copied = partition.copied()) {
        add(ranges, begin, begin + copied->content.size);
    } else if (const Ext* ext = partition.ext()) {
        for (const ext4::BlockRun& run : ext4::lay_out(partition.tree, *ext, begin).groups.used)
            add(ranges, begin + std::uint64_t{run.first} * ext4::block_size,
                begin + std::uint64_t{run.end()} * ext4::block_size);
    }
}

}  // namespace

std::vector<Range> mapped_ranges(const Card& card) {
    std::vector<Range> ranges{{0, sector}};
    for (const Partition& partition : card.partitions) add_partition(ranges, partition);
    return ranges;
}

}  // namespace rpixen
