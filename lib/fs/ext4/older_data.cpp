#include "fs/ext4/older_data.hpp"

#include <algorithm>
#include <vector>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/ext4/block_space.hpp"
#include "fs/ext4/data_store.hpp"
#include "fs/ext4/geometry.hpp"
#include "fs/prebuilt_copy.hpp"
#include "storage/copy_range.hpp"

namespace rpixen {

/// Remembers that something went wrong with the older image: the card can still be composed without it.
template <typename Work>
void OlderData::watch(const Work& work) const {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) failed_ = true;
        throw;
    }
}

class OlderData::Open final : public OpenContent {
  public:
    Open(std::shared_ptr<const OlderData> data, std::uint32_t first) : data_(std::move(data)), first_(first) {}

    void read(std::uint64_t offset, MutableBytes out) override {
        data_->watch([&] {
            const InputFile& image = *data_->image_;
            read_placed(image.descriptor(), data_->older_offset_, first_, offset, out, image.name());
        });
    }
    void check_unchanged() override {
        data_->watch([&] { data_->image_->check_unchanged(); });
    }

  private:
    std::shared_ptr<const OlderData> data_;
    std::uint32_t first_;
};

std::unique_ptr<OpenContent> OlderData::open(std::uint64_t position) const {
    watch([&] {
        if (lost_.contains(position)) throw Error(ErrorCode::io, image_->name() + " does not have a file any more");
    });
    return std::make_unique<Open>(shared_from_this(), narrow<std::uint32_t>((position - offset_) / ext4::block_size));
}

std::optional<Sha256Digest> OlderData::recorded_digest(std::uint64_t position) const {
    const auto known = digests_.find(position);
    return known == digests_.end() ? std::nullopt : std::optional(known->second);
}

void OlderData::bring(const FileTree& tree, PartitionOutput& partition, const Supervision& supervision,
                      std::uint64_t& done) {
    std::vector<ext4::BlockRun> runs;
    for (NodeId node = 0; node < tree.node_count(); ++node) {
        if (tree.type(node) != NodeType::file || tree.links(node) == 0) continue;
        const Content content = tree.content(node);
        if (content.source.get() != this || content.size == 0) continue;
        const auto first = narrow<std::uint32_t>((content.position - offset_) / ext4::block_size);
        const auto count = narrow<std::uint32_t>(divide_up(content.size, ext4::block_size));
        for (const ext4::BlockRun& piece : ext4::around_fixed_places(first, count)) {
            if (!runs.empty() && runs.back().end() == piece.first)
                runs.back().count += piece.count;
            else
                runs.push_back(piece);
        }
    }
    watch([&] {
        for (const ext4::BlockRun& run : ext4::merged(std::move(runs))) {
            Range range{std::uint64_t{run.first} * ext4::block_size, std::uint64_t{run.end()} * ext4::block_size};
            check_length(range.end);
            if (partition.share(range.begin, image_->descriptor(), older_offset_ + range.begin, range.size())) continue;
            range.begin += copy_range(image_->descriptor(), older_offset_ + range.begin,
                                      partition.output().descriptor(), partition.offset() + range.begin, range.size(),
                                      supervision);
            copy(range, partition, supervision, done);
        }
        image_->check_unchanged();
    });
}

void OlderData::bring_image(std::uint64_t size, PartitionOutput& partition, const Supervision& supervision,
                            std::uint64_t& done) {
    watch([&] {
        // Its holes stay holes: unlike the data of files it is not dense.
        check_length(size);
        copy({0, size}, partition, supervision, done);
        image_->check_unchanged();
    });
}

void OlderData::check_length(std::uint64_t end) const {
    if (checked_add(older_offset_, end) > image_->size())
        throw Error(ErrorCode::io, image_->name() + " ends before what is taken over from it");
}

void OlderData::copy(Range range, PartitionOutput& partition, const Supervision& supervision,
                     std::uint64_t& done) const {
    PartitionOutput part(partition.output(), {partition.offset() + range.begin, partition.offset() + range.end});
    copy_prebuilt(part_of(image_->content(), older_offset_ + range.begin, range.size()), part, supervision, done);
}

}  // namespace rpixen
