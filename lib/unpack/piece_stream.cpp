#include "unpack/piece_stream.hpp"

#include <algorithm>
#include <system_error>

#include <rpixen/error.hpp>

#include "base/host_signals.hpp"
#include "base/size.hpp"
#include "unpack/decoder.hpp"

namespace rpixen {
namespace {

constexpr std::size_t input_block = 256 * KiB;

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
    : input_(std::move(input)), piece_(piece), position_(piece.begin), ring_(std::move(ring)) {
    try {
        thread_ = start_thread([this] { run(); });
    } catch (const std::system_error&) {
        // next() unpacks.
    }
}

PieceStream::~PieceStream() {
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

/// The next packed bytes; nothing at the end. Throws Error{io}.
ByteView PieceStream::read_input() {
    packed_.resize(input_block);
    return ByteView(packed_).first(read_into(packed_));
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
            if (input_.packing == Packing::plain)
                unpacker_ = std::make_unique<PlainBytes>([this](MutableBytes out) { return read_into(out); });
            else
                unpacker_ = make_unpacker(input_.packing, piece_.last, [this] { return read_input(); });
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

/// Waits for a block to fill; nothing where the reader has gone.
Block* PieceStream::free_block() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return abandoned_ || given_ - taken_ < ring_.size(); });
    return abandoned_ ? nullptr : &ring_[given_ % ring_.size()];
}

void PieceStream::give_block() {
    {
        const std::lock_guard lock(mutex_);
        ++given_;
    }
    changed_.notify_one();
}

void PieceStream::run() noexcept {
    std::exception_ptr caught;
    try {
        for (Block* block = free_block(); block && fill(*block); block = free_block()) give_block();
    } catch (...) {
        caught = std::current_exception();
    }
    {
        const std::lock_guard lock(mutex_);
        ended_ = true;
        failure_ = caught;
    }
    changed_.notify_one();
}

ByteView PieceStream::next() {
    if (!thread_.joinable()) {
        Block& block = ring_.front();
        ended_ = ended_ || !fill(block);
        return ended_ ? ByteView() : ByteView(block.bytes).first(block.filled);
    }
    std::unique_lock lock(mutex_);
    if (holding_) {
        ++taken_;
        holding_ = false;
        lock.unlock();
        changed_.notify_one();
        lock.lock();
    }
    changed_.wait(lock, [&] { return ended_ || taken_ < given_; });
    if (taken_ == given_) {
        if (failure_) std::rethrow_exception(failure_);
        return {};
    }
    holding_ = true;
    const Block& block = ring_[taken_ % ring_.size()];
    return ByteView(block.bytes).first(block.filled);
}

std::vector<Block> PieceStream::take_ring() {
    if (thread_.joinable()) thread_.join();
    return std::move(ring_);
}

}  // namespace rpixen
