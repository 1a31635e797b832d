#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rpixen::ext4 {

/// Adjacent blocks of 4096 bytes, counted from the start of the partition.
struct BlockRun {
    std::uint32_t first = 0;
    std::uint32_t count = 0;

    constexpr std::uint32_t end() const { return first + count; }
    friend bool operator==(const BlockRun&, const BlockRun&) = default;
};

/// Sorts the runs and joins those that touch or overlap.
std::vector<BlockRun> merged(std::vector<BlockRun> runs);

/// What lies between ascending disjoint `runs` in [0, end).
std::vector<BlockRun> complement(const std::vector<BlockRun>& runs, std::uint32_t end);

/// `count` blocks from `first` on, without the places that every ext4 keeps for superblocks and group
/// descriptors.
std::vector<BlockRun> around_fixed_places(std::uint32_t first, std::uint32_t count);

/// The free blocks of an ext4 whose size is not yet known: everything but the fixed places, up to the largest
/// size.
///
/// Data is handed out from the front. A request of up to one extent is never torn apart: it takes the first
/// run that holds it, so what does not fit before a fixed place moves behind it and smaller requests fill the
/// gap later. A larger one begins where nothing was taken yet and goes on behind each fixed place, so that
/// its place follows from its first block.
class BlockSpace {
  public:
    BlockSpace() : BlockSpace(std::vector<BlockRun>{}) {}
    /// `occupied`: ascending and disjoint.
    explicit BlockSpace(const std::vector<BlockRun>& occupied);

    /// The first of `count` (> 0) blocks. Throws Error{unfit} beyond the largest file system.
    std::uint32_t allocate(std::uint32_t count);
    /// As allocate() for up to one extent, but nothing where no run is long enough.
    std::optional<std::uint32_t> find(std::uint32_t count);
    /// `count` blocks in the longest runs, in as few pieces as they allow; nothing where there are not so
    /// many.
    std::vector<BlockRun> allocate_pieces(std::uint32_t count);

    /// Forgets what lies at or behind `end`.
    void cut(std::uint32_t end);

    /// Ascending, disjoint, without empty runs.
    std::vector<BlockRun> free_runs() const;
    /// The end of the last block ever taken.
    std::uint32_t taken_end() const { return taken_end_; }

  private:
    void note_taken(std::size_t index, std::uint32_t end);

    std::vector<BlockRun> runs_;  ///< ascending; may hold empty ones, so that indices stay
    /// By the binary logarithm of a request: runs before it are too short for any request of that class.
    std::array<std::size_t, 16> start_{};
    std::size_t frontier_ = 0;  ///< the run behind which, and in which, nothing was taken
    std::uint32_t taken_end_ = 0;
};

}  // namespace rpixen::ext4
