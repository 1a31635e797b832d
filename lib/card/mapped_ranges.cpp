#include "card/mapped_ranges.hpp"

#include <algorithm>

#include "fs/ext4/free_ranges.hpp"
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

constexpr std::uint64_t least_free = 64 * KiB;  ///< shorter pieces are not worth leaving out, however many they are

/// What a partition's file system says is free, as bytes of the image.
std::vector<Range> free_in(const Card& card, const Partition& partition) {
    if (!partition.problems.empty() || !partition.not_proven.empty()) return {};
    const Range place = partition.readable;
    if (const Fat* fat = partition.fat()) return {{place.begin + fat->used_end, place.begin + fat->size}};
    if (partition.ext()) return free_ranges(*card.image, place, least_free);
    return {};
}

}  // namespace

std::vector<Range> mapped_ranges_of_image(const Card& card) {
    std::vector<Range> free;
    const bool doubtful = std::any_of(card.problems.begin(), card.problems.end(), [](const Problem& problem) {
        return problem.rule == "partitions-overlap" || problem.rule == "partition-beyond-image";
    });
    if (!doubtful)
        for (const Partition& partition : card.partitions)
            for (const Range& range : free_in(card, partition))
                if (range.end >= range.begin + least_free) free.push_back(range);
    std::sort(free.begin(), free.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    std::vector<Range> ranges;
    std::uint64_t begin = 0;
    for (const Range& range : free) {
        add(ranges, begin, range.begin);
        begin = range.end;
    }
    add(ranges, begin, card.size);
    return ranges;
}

std::vector<Range> mapped_ranges(const Card& card) {
    std::vector<Range> ranges{{0, sector}};
    for (const Partition& partition : card.partitions) add_partition(ranges, partition);
    return ranges;
}

}  // namespace rpixen
