#include <utility>

#include "backend/image_backend.hpp"
#include "format/mbr.hpp"
#include "fs/ext4/data_store.hpp"
#include "fs/ext4/older_data.hpp"
#include "fs/ext4/writer.hpp"
#include "fs/fat/writer.hpp"
#include "fs/prebuilt_copy.hpp"
#include "storage/partition_output.hpp"

namespace rpixen {
namespace {

std::uint64_t bytes_to_copy(const Partition& partition) {
    const Copied* copied = partition.copied();
    if (!copied) return bytes_to_copy(partition.tree);
    return copied->content.placed ? 0 : copied->content.size;
}

MasterBootRecord partition_table(const Card& plan) {
    MasterBootRecord mbr;
    mbr.disk_signature = plan.disk_signature;
    int number = 1;
    for (const Partition& partition : plan.partitions)
        mbr.partitions.push_back({number++, partition.mbr_type, partition.active,
                                  partition.range.begin / MasterBootRecord::sector,
                                  partition.range.size() / MasterBootRecord::sector});
    return mbr;
}

/// Writes everything in process: no root, no appliance, no temporary copies.
class DirectBackend final : public ImageBackend {
  public:
    std::string name() const override { return "direct"; }

    std::unique_ptr<ContentStore> open_store(OutputFile& output, std::uint64_t root_offset) override {
        stream_ = std::make_shared<StreamedData>(output, root_offset);
        return std::make_unique<Ext4DataStore>(stream_);
    }

    std::shared_ptr<OlderData> open_older(OutputFile& output, std::shared_ptr<const InputFile> older,
                                          std::uint64_t older_offset, std::uint64_t root_offset) override {
        older_ = std::make_shared<OlderData>(std::move(older), older_offset, root_offset, output.path());
        return older_;
    }

    WrittenImage write(const Card& plan, OutputFile& output, const Supervision& supervision) override {
        std::uint64_t total = 0;
        for (const Partition& partition : plan.partitions) total += bytes_to_copy(partition);
        supervision.begin(Phase::writing, total);

        WrittenImage image;
        image.size = plan.size;
        if (stream_) {
            stream_->flush();
            image.bytes_written += stream_->bytes_written();
        }
        output.resize(plan.size);
        output.write(0, make_mbr(partition_table(plan)));
        image.bytes_written += MasterBootRecord::size;
        image.mapped.push_back({0, 4096});
        std::uint64_t done = 0;
        for (const Partition& partition : plan.partitions) write(partition, output, supervision, done, image);
        stream_.reset();
        return image;
    }

  private:
    /// Returns what of the partition holds data or must be zero.
    std::vector<Range> write(const Partition& plan, PartitionOutput& partition, const Supervision& supervision,
                             std::uint64_t& done) const {
        if (const Fat* fat = plan.fat()) return write_fat32(plan.tree, *fat, partition, supervision, done);
        if (const Copied* copied = plan.copied()) {
            if (!copied->content.placed)
                copy_prebuilt(copied->content, partition, supervision, done);
            else if (older_)
                older_->bring_image(copied->content.size, partition, supervision, done);
            return {{0, copied->content.size}};
        }
        if (const Ext* ext = plan.ext()) {
            if (older_) older_->bring(plan.tree, partition, supervision, done);
            return write_ext4(plan.tree, *ext, partition, supervision, done);
        }
        return {};
    }

    static void map(WrittenImage& image, Range range) {
        if (!image.mapped.empty() && image.mapped.back().end >= range.begin)
            image.mapped.back().end = std::max(image.mapped.back().end, range.end);
        else
            image.mapped.push_back(range);
    }

    void write(const Partition& plan, OutputFile& output, const Supervision& supervision, std::uint64_t& done,
               WrittenImage& image) const {
        PartitionOutput partition(output, plan.range);
        for (const Range& range : write(plan, partition, supervision, done))
            map(image, {plan.range.begin + range.begin, plan.range.begin + range.end});
        image.bytes_written += partition.bytes_written();
    }

    std::shared_ptr<StreamedData> stream_;
    std::shared_ptr<OlderData> older_;
};

}  // namespace

std::unique_ptr<ImageBackend> direct_backend() {
    return std::make_unique<DirectBackend>();
}

}  // namespace rpixen
