#include "unpack/piece_stream.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "unpack/decoder.hpp"

namespace rpixen {
namespace {

constexpr std::size_t input_block = 256 * KiB;
constexpr std::size_t input_blocks = 4;

/// Plain bytes come out as they are, read straight to their place.
class PlainBytes final : public Unpacker {
  public:
    explicit PlainBytes(std::function<std::size_t(MutableBytes)> read) : read_(std::move(read)) {}
    std::size_t read(MutableBytes out) override { return read_(out); }

  private:
    std::function<std::size_t(MutableBytes)> read_;
};

}  // namespace

std::unique_ptr<Unpacker> make_unpacker(Packing packing, bool last, ReadPacked read) {
    if (packing == Packing::zstd) return zstd_unpacker(std::move(read));
    if (packing == Packing::gzip) return gzip_unpacker(std::move(read), last);
    if (packing == Packing::xz) return xz_unpacker(std::move(read));
    return archive_unpacker(packing, std::move(read));
}

PieceStream::PieceStream(Input input, Piece piece, std::vector<Block> ring)
    : input_(std::move(input)),
      piece_(piece),
      position_(piece.begin),
      blocks_([this](Block& block) { return fill(block); }, std::move(ring)) {}

/// The next packed bytes; nothing at the end. Throws Error{io}.
ByteView PieceStream::read_input() {
    if (packed_ahead_) return packed_ahead_->next();
    return read_block(packed_) ? ByteView(packed_.bytes).first(packed_.filled) : ByteView();
}

bool PieceStream::read_block(Block& block) {
    block.bytes.resize(input_block);
    block.filled = read_into(block.bytes);
    return block.filled != 0;
}

/// As much of them as `out` takes.
std::size_t PieceStream::read_into(MutableBytes out) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), piece_.end - position_));
    const MutableBytes part = out.first(count);
    pread_exactly(input_.file->descriptor(), position_, part, input_.file->name());
    position_ += count;
    input_.position->fetch_add(count, std::memory_order_relaxed);
    if (input_.sha256) input_.sha256->update(part);
    return count;
}

/// Unpacks the next block; false at the end, when the digest has all bytes.
bool PieceStream::fill(Block& block) {
    try {
        if (!unpacker_) {
            if (input_.packing == Packing::plain) {
                unpacker_ = std::make_unique<PlainBytes>([this](MutableBytes out) { return read_into(out); });
            } else {
                if (input_.read_ahead)
                    packed_ahead_.emplace([this](Block& packed) { return read_block(packed); },
                                          std::vector<Block>(input_blocks));
                unpacker_ = make_unpacker(input_.packing, piece_.last, [this] { return read_input(); });
            }
        }
        block.bytes.resize(Decoder::largest_block);
        block.filled = unpacker_->read(block.bytes);
        if (block.filled != 0) return true;
        while (input_.sha256 && !read_input().empty()) {
        }
        return false;
    } catch (const Error& error) {
        Problem problem = error.problems()[0];
        problem.location.file = input_.file->name();
        throw Error(error.code(), std::move(problem));
    }
}

}  // namespace rpixen
