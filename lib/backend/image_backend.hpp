#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "card/card.hpp"
#include "fs/ext4/older_data.hpp"
#include "storage/content_store.hpp"
#include "storage/input_file.hpp"
#include "storage/output_file.hpp"

namespace rpixen {

/// What a back end did.
struct WrittenImage {
    std::uint64_t size = 0;           ///< bytes
    std::uint64_t bytes_written = 0;  ///< that reached the output file
    std::vector<Range> mapped;  ///< ascending, disjoint: holds data or must read as zeros; the rest does not matter
    std::vector<std::string> notes;  ///< what the user should know ("KVM is broken, TCG was used")
};

/// Writes an image as planned: the only stage that writes.
class ImageBackend {
  public:
    virtual ~ImageBackend() = default;
    virtual std::string name() const = 0;

    /// A store for the root partition's streamed data, used before the plan is known; `root_offset` is where
    /// the root partition will begin in `output` (bytes). The default keeps the data in an unlinked file
    /// beside the output.
    virtual std::unique_ptr<ContentStore> open_store(OutputFile& output, std::uint64_t root_offset);

    /// The root partition's data in an older image of the same layers, where it begins at `older_offset` (bytes):
    /// write() brings what the card's root has of it, and a prebuilt file system that is placed. Null where the back
    /// end takes nothing over, which is the default.
    virtual std::shared_ptr<OlderData> open_older(OutputFile& output, std::shared_ptr<const InputFile> older,
                                                  std::uint64_t older_offset, std::uint64_t root_offset);

    /// Fills `output` (empty, or holding what open_store()'s store put there) and does not commit it.
    /// Throws Error{io, cancelled, unavailable}.
    virtual WrittenImage write(const Card& plan, OutputFile& output, const Supervision& supervision) = 0;
};

std::unique_ptr<ImageBackend> direct_backend();
/// Throws Error{unavailable} where it is not built in.
std::unique_ptr<ImageBackend> guestfs_backend();

}  // namespace rpixen
