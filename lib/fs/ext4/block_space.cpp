#include "fs/ext4/block_space.hpp"

#include <algorithm>
#include <bit>

#include <rpixen/error.hpp>

#include "fs/ext4/geometry.hpp"

namespace rpixen::ext4 {
namespace {

/// Where the fixed place that follows or holds `block` begins, or the largest size.
BlockRun next_fixed_place(std::uint32_t block) {
    std::uint32_t group = block / blocks_per_group;
    if (!has_superblock(group) || block % blocks_per_group >= fixed_blocks) ++group;
    while (group < most_groups && !has_superblock(group)) ++group;
    if (group >= most_groups) return {most_blocks, 0};
    return {group * blocks_per_group, fixed_blocks};
}

std::vector<BlockRun> fixed_places() {
    std::vector<BlockRun> places;
    for (std::uint32_t group = 0; group < most_groups; ++group)
        if (has_superblock(group)) places.push_back({group * blocks_per_group, fixed_blocks});
    return places;
}

}  // namespace

std::vector<BlockRun> merged(std::vector<BlockRun> runs) {
    std::sort(runs.begin(), runs.end(), [](const BlockRun& a, const BlockRun& b) { return a.first < b.first; });
    std::vector<BlockRun> result;
    for (const BlockRun& run : runs) {
        if (run.count == 0) continue;
        if (!result.empty() && run.first <= result.back().end())
            result.back().count = std::max(result.back().end(), run.end()) - result.back().first;
        else
            result.push_back(run);
    }
    return result;
}

std::vector<BlockRun> complement(const std::vector<BlockRun>& runs, std::uint32_t end) {
    std::vector<BlockRun> result;
    std::uint32_t at = 0;
    for (const BlockRun& run : runs) {
        if (run.first >= end) break;
        if (run.first > at) result.push_back({at, run.first - at});
        at = run.end();
    }
    if (at < end) result.push_back({at, end - at});
    return result;
}

std::vector<BlockRun> around_fixed_places(std::uint32_t first, std::uint32_t count) {
    std::vector<BlockRun> pieces;
    while (count != 0) {
        const BlockRun fixed = next_fixed_place(first);
        const std::uint32_t piece = std::min(count, fixed.first - first);
        if (piece != 0) pieces.push_back({first, piece});
        count -= piece;
        first = fixed.end();
        if (count != 0 && first >= most_blocks)
            throw Error(ErrorCode::unfit, "the content does not fit the largest ext4 that is made", {}, "504 GiB");
    }
    return pieces;
}

BlockSpace::BlockSpace(const std::vector<BlockRun>& occupied) {
    std::vector<BlockRun> taken = fixed_places();
    taken.insert(taken.end(), occupied.begin(), occupied.end());
    runs_ = complement(merged(std::move(taken)), most_blocks);
    if (!occupied.empty()) taken_end_ = occupied.back().end();
    frontier_ = runs_.size();
    while (frontier_ > 0 && runs_[frontier_ - 1].first >= taken_end_) --frontier_;
}

void BlockSpace::note_taken(std::size_t index, std::uint32_t end) {
    frontier_ = std::max(frontier_, index);
    taken_end_ = std::max(taken_end_, end);
}

std::optional<std::uint32_t> BlockSpace::find(std::uint32_t count) {
    const auto wanted = static_cast<std::size_t>(std::bit_width(count) - 1);
    std::size_t& start = start_[std::min(wanted, start_.size() - 1)];
    while (start < runs_.size() && runs_[start].count < std::min(std::uint32_t{1} << wanted, longest_extent)) ++start;
    for (std::size_t index = start; index < runs_.size(); ++index) {
        BlockRun& run = runs_[index];
        if (run.count < count) continue;
        const std::uint32_t first = run.first;
        run = {first + count, run.count - count};
        note_taken(index, first + count);
        return first;
    }
    return std::nullopt;
}

std::uint32_t BlockSpace::allocate(std::uint32_t count) {
    if (count <= longest_extent) {
        if (const auto first = find(count)) return *first;
        throw Error(ErrorCode::unfit, "the content does not fit the largest ext4 that is made", {}, "504 GiB");
    }
    while (frontier_ < runs_.size() && runs_[frontier_].count == 0) ++frontier_;
    if (frontier_ == runs_.size())
        throw Error(ErrorCode::unfit, "the content does not fit the largest ext4 that is made", {}, "504 GiB");
    const std::uint32_t first = runs_[frontier_].first;
    // Every run from the frontier on ends at a fixed place, so the pieces are the runs themselves.
    for (const BlockRun& piece : around_fixed_places(first, count)) {
        while (runs_[frontier_].first != piece.first) ++frontier_;
        runs_[frontier_] = {piece.end(), runs_[frontier_].count - piece.count};
        note_taken(frontier_, piece.end());
    }
    return first;
}

std::vector<BlockRun> BlockSpace::allocate_pieces(std::uint32_t count) {
    std::vector<std::size_t> order(runs_.size());
    for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
    std::stable_sort(order.begin(), order.end(),
                     [this](std::size_t a, std::size_t b) { return runs_[a].count > runs_[b].count; });
    std::uint64_t available = 0;
    std::size_t used = 0;
    while (used < order.size() && available < count) available += runs_[order[used++]].count;
    if (available < count) return {};
    order.resize(used);
    std::sort(order.begin(), order.end());
    std::vector<BlockRun> pieces;
    for (const std::size_t index : order) {
        BlockRun& run = runs_[index];
        const std::uint32_t piece = std::min(count, run.count);
        if (piece == 0) continue;
        pieces.push_back({run.first, piece});
        run = {run.first + piece, run.count - piece};
        note_taken(index, pieces.back().end());
        count -= piece;
    }
    return pieces;
}

void BlockSpace::cut(std::uint32_t end) {
    for (BlockRun& run : runs_)
        if (run.end() > end) run = {run.first, run.first < end ? end - run.first : 0};
    while (!runs_.empty() && runs_.back().count == 0) runs_.pop_back();
}

std::vector<BlockRun> BlockSpace::free_runs() const {
    return merged(runs_);
}

}  // namespace rpixen::ext4
