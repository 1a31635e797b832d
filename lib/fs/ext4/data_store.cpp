#include "fs/ext4/data_store.hpp"

#include <algorithm>
#include <cstring>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "fs/ext4/geometry.hpp"
#include "fs/prebuilt_copy.hpp"

namespace rpixen {
namespace {

constexpr std::size_t capacity = 256 * 1024;  ///< stays in the processor's cache: docs/decisions/0006-data-path.md

class OpenStreamed final : public OpenContent {
  public:
    OpenStreamed(std::shared_ptr<const StreamedData> data, int descriptor, std::uint32_t first)
        : data_(std::move(data)), descriptor_(descriptor), first_(first) {}

    void read(std::uint64_t offset, MutableBytes out) override {
        data_->flush();
        read_placed(descriptor_, data_->partition_offset(), first_, offset, out, data_->name());
    }

  private:
    std::shared_ptr<const StreamedData> data_;
    int descriptor_;
    std::uint32_t first_;
};

}  // namespace

void read_placed(int descriptor, std::uint64_t partition_offset, std::uint32_t first, std::uint64_t offset,
                 MutableBytes out, const std::string& name) {
    const auto blocks = narrow<std::uint32_t>(divide_up(offset + out.size(), ext4::block_size));
    std::uint64_t begin = 0;  // of the piece in the content
    for (const ext4::BlockRun& piece : ext4::around_fixed_places(first, blocks)) {
        const std::uint64_t length = std::uint64_t{piece.count} * ext4::block_size;
        if (offset < begin + length && !out.empty()) {
            const std::uint64_t inside = offset - begin;
            const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(length - inside, out.size()));
            pread_exactly(descriptor, partition_offset + std::uint64_t{piece.first} * ext4::block_size + inside,
                          out.first(part), name);
            out = out.subspan(part);
            offset += part;
        }
        begin += length;
    }
}

StreamedData::StreamedData(OutputFile& output, std::uint64_t partition_offset)
    : output_(output), partition_offset_(partition_offset), buffer_(capacity) {}

StreamedData::~StreamedData() = default;

std::unique_ptr<OpenContent> StreamedData::open(std::uint64_t position) const {
    return std::make_unique<OpenStreamed>(shared_from_this(), output_.descriptor(),
                                          narrow<std::uint32_t>((position - partition_offset_) / ext4::block_size));
}

void StreamedData::put(std::uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
        const bool adjacent = used_ != 0 && offset >= begin_ + used_ && offset - begin_ - used_ < ext4::block_size &&
                              offset - begin_ < window_;
        if (!adjacent) {
            flush();
            begin_ = offset;
            // Writes that end on a multiple of their size let the page cache take large pages.
            window_ = capacity - static_cast<std::size_t>((partition_offset_ + begin_) % capacity);
        }
        const auto place = static_cast<std::size_t>(offset - begin_);
        std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(used_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(place), std::byte{0});
        const std::size_t part = std::min(bytes.size(), window_ - place);
        std::memcpy(buffer_.data() + place, bytes.data(), part);
        used_ = place + part;
        offset += part;
        bytes = bytes.subspan(part);
    }
}

/// Some way ahead, since the length of the stream is not known; what is left over is punched in the end
/// (Ext4Writer::clear_leftovers).
void StreamedData::reserve(std::uint64_t begin, std::uint64_t end) const {
    constexpr std::uint64_t step = 64 * MiB;
    if (end <= reserved_) return;
    const std::uint64_t from = std::max(begin, reserved_);
    reserved_ = output_.reserve(partition_offset_ + from, end - from + step) ? end + step : ~std::uint64_t{0};
}

Content StreamedData::place_image(Content image, const Supervision& supervision) {
    PartitionOutput partition(output_, {partition_offset_, checked_add(partition_offset_, image.size)});
    std::uint64_t done = 0;
    copy_prebuilt(image, partition, supervision, done);
    bytes_written_ += partition.bytes_written();
    image.placed = true;
    return image;
}

void StreamedData::flush() const {
    if (used_ == 0) return;
    reserve(begin_, begin_ + used_);
    output_.write(partition_offset_ + begin_, ByteView(buffer_).first(used_));
    bytes_written_ += used_;
    used_ = 0;
}

void Ext4DataStore::begin(std::uint64_t size) {
    const std::uint64_t blocks = divide_up(size, ext4::block_size);
    if (blocks > ext4::most_blocks)
        throw Error(ErrorCode::unfit, "a file is too large", std::to_string(size) + " bytes", "less than 504 GiB");
    const std::uint32_t first = space_.allocate(static_cast<std::uint32_t>(blocks));
    pieces_ = ext4::around_fixed_places(first, static_cast<std::uint32_t>(blocks));
    piece_ = 0;
    in_piece_ = 0;
    size_ = size;
    appended_ = 0;
}

void Ext4DataStore::append(ByteView bytes) {
    if (bytes.size() > size_ - appended_) throw Error(ErrorCode::internal, "more data was streamed than was announced");
    appended_ += bytes.size();
    while (!bytes.empty()) {
        const ext4::BlockRun& piece = pieces_[piece_];
        const std::uint64_t length = std::uint64_t{piece.count} * ext4::block_size;
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), length - in_piece_));
        data_->put(std::uint64_t{piece.first} * ext4::block_size + in_piece_, bytes.first(part));
        bytes = bytes.subspan(part);
        in_piece_ += part;
        if (in_piece_ == length) {
            ++piece_;
            in_piece_ = 0;
        }
    }
}

Content Ext4DataStore::finish() {
    if (appended_ != size_) throw Error(ErrorCode::internal, "less data was streamed than was announced");
    return {data_, data_->partition_offset() + std::uint64_t{pieces_.front().first} * ext4::block_size, size_, true};
}

}  // namespace rpixen
