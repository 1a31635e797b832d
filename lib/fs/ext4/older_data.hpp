#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <rpixen/progress.hpp>

#include "base/digest.hpp"
#include "storage/content.hpp"
#include "storage/input_file.hpp"
#include "storage/partition_output.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// The root partition's data in an older image, which a new one will have at the same places of the partition
/// (docs/decisions/0014-reuse.md). Contents have their place in the new image, as StreamedData gives it, and are
/// read from the older one.
class OlderData final : public ContentSource, public std::enable_shared_from_this<OlderData> {
  public:
    /// Where the root partition begins, in bytes: in the older image, and in the new one. `name` is for messages.
    OlderData(std::shared_ptr<const InputFile> image, std::uint64_t older_offset, std::uint64_t offset,
              std::string name)
        : image_(std::move(image)), older_offset_(older_offset), offset_(offset), name_(std::move(name)) {}

    /// Throws Error{io} for a content that the older image does not have any more.
    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return name_; }

    /// What of contents lies at `position` is not in the older image any more.
    void leave_out(std::uint64_t position) { lost_.insert(position); }
    /// What lies at `position` has this digest.
    void know(std::uint64_t position, const Sha256Digest& digest) { digests_[position] = digest; }
    std::optional<Sha256Digest> recorded_digest(std::uint64_t position) const override;
    /// Whether a read failed, or met what was left out: then the older image is of no use.
    bool failed() const { return failed_; }

    /// Brings the data of the tree's files where it will lie: shared where the file system can, else copied. Throws
    /// Error{io, cancelled}; Error{io} also where the older image was changed since it was opened.
    void bring(const FileTree& tree, PartitionOutput& partition, const Supervision& supervision, std::uint64_t& done);
    /// The same for a file system that was copied as it is, of `size` bytes.
    void bring_image(std::uint64_t size, PartitionOutput& partition, const Supervision& supervision,
                     std::uint64_t& done);

  private:
    class Open;
    template <typename Work>
    void watch(const Work& work) const;
    /// Throws Error{io} where the older image ends before byte `end` of its partition.
    void check_length(std::uint64_t end) const;
    void copy(Range range, PartitionOutput& partition, const Supervision& supervision, std::uint64_t& done) const;

    std::shared_ptr<const InputFile> image_;
    std::uint64_t older_offset_;
    std::uint64_t offset_;
    std::string name_;
    std::set<std::uint64_t> lost_;
    std::map<std::uint64_t, Sha256Digest> digests_;
    mutable std::atomic<bool> failed_{false};
};

}  // namespace rpixen
