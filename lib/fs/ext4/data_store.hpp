#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fs/ext4/block_space.hpp"
#include "storage/content_store.hpp"
#include "storage/output_file.hpp"

namespace rpixen {

/// Reads a content from `offset` on that begins with block `first` of a partition and may go on behind fixed places;
/// `partition_offset` is in bytes of the file, whose name is for messages. Throws Error{io}.
void read_placed(int descriptor, std::uint64_t partition_offset, std::uint32_t first, std::uint64_t offset,
                 MutableBytes out, const std::string& name);

/// The data of a stream at its final place in the output, and what of it is still on the way there.
class StreamedData final : public ContentSource, public std::enable_shared_from_this<StreamedData> {
  public:
    /// `output` outlives the reading of contents.
    StreamedData(OutputFile& output, std::uint64_t partition_offset);
    ~StreamedData() override;

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return output_.path(); }
    // No descriptor(): a content may go on behind a fixed place, and may still be on its way.
    std::uint64_t partition_offset() const { return partition_offset_; }

    /// Bytes for `offset` in the partition, which never falls.
    void put(std::uint64_t offset, ByteView bytes);
    /// Brings everything into the output. Throws Error{io}.
    void flush() const;
    std::uint64_t bytes_written() const { return bytes_written_; }
    /// Copies a prebuilt file system to the partition's start.
    Content place_image(Content image, const Supervision& supervision);

  private:
    OutputFile& output_;
    std::uint64_t partition_offset_;
    mutable Bytes buffer_;
    void reserve(std::uint64_t begin, std::uint64_t end) const;

    std::size_t window_ = 0;              ///< how much of the buffer is filled before it is written
    mutable std::uint64_t reserved_ = 0;  ///< where the space that was asked for ends; all ones: none can be had
    mutable std::uint64_t begin_ = 0;
    mutable std::size_t used_ = 0;
    mutable std::uint64_t bytes_written_ = 0;
};

/// Places contents by the rules that place_content() knows, before the file system's size is known.
class Ext4DataStore final : public ContentStore {
  public:
    explicit Ext4DataStore(std::shared_ptr<StreamedData> data) : data_(std::move(data)) {}

    void begin(std::uint64_t size) override;
    void append(ByteView bytes) override;
    Content finish() override;
    bool in_place() const override { return true; }
    Content place_image(const Content& image, const Supervision& supervision) override {
        return data_->place_image(image, supervision);
    }

  private:
    std::shared_ptr<StreamedData> data_;
    ext4::BlockSpace space_;
    std::vector<ext4::BlockRun> pieces_;
    std::size_t piece_ = 0;
    std::uint64_t in_piece_ = 0;  ///< bytes of the present piece that are filled
    std::uint64_t size_ = 0;
    std::uint64_t appended_ = 0;
};

}  // namespace rpixen
