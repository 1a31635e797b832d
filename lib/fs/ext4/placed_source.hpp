#pragma once

#include <cstdint>

#include "storage/content.hpp"

namespace rpixen {

/// File data that already lies at its final place in the output: what an ext4 store took in from a stream. A
/// content's position is the offset in the output file of its first block; a content of more than one extent
/// goes on behind each fixed place of the file system (ext4::around_fixed_places).
class PlacedSource : public ContentSource {
  public:
    /// Where the file system begins in the output, in bytes.
    virtual std::uint64_t partition_offset() const = 0;
};

}  // namespace rpixen
