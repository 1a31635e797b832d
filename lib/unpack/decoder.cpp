#include "unpack/decoder.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include <rpixen/error.hpp>

#include "base/host_signals.hpp"
#include "base/size.hpp"
#include "unpack/packing.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {
namespace {

constexpr std::size_t input_block = 256 * KiB;
constexpr std::size_t blocks = 6;

struct Block {
    Bytes bytes = Bytes(Decoder::largest_block);
    std::size_t filled = 0;
};

/// Plain bytes come out as they are, read straight to their place.
class PlainBytes final : public Unpacker {
  public:
    explicit PlainBytes(std::function<std::size_t(MutableBytes)> read) : read_(std::move(read)) {}
    std::size_t read(MutableBytes out) override { return read_(out); }

  private:
    std::function<std::size_t(MutableBytes)> read_;
};

}  // namespace

std::unique_ptr<Unpacker> make_unpacker(Packing packing, ReadPacked read) {
    if (packing == Packing::zstd) return zstd_unpacker(std::move(read));
    if (packing == Packing::gzip) return gzip_unpacker(std::move(read));
    return archive_unpacker(packing, std::move(read));
}

struct Decoder::State {
    std::shared_ptr<const InputFile> file;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    bool with_digest = false;
    Sha256 sha256;
    Sha256Digest digest{};
    Bytes input = Bytes(input_block);
    std::atomic<std::uint64_t> position{0};
    std::atomic<Packing> packing{Packing::plain};
    std::unique_ptr<Unpacker> unpacker;

    // Shared between the two threads, under the mutex: a ring in which blocks [taken, given) are filled.
    std::array<Block, blocks> ring;
    std::mutex mutex;
    std::condition_variable changed;
    std::uint64_t given = 0;
    std::uint64_t taken = 0;
    bool ended = false;
    bool abandoned = false;
    std::exception_ptr failure;

    bool holding = false;  ///< the reader still looks at block `taken`
    std::thread thread;

    /// The next packed bytes; nothing at the end. Throws Error{io}.
    ByteView read_input() { return ByteView(input).first(read_into(input)); }

    /// As much of them as `out` takes.
    std::size_t read_into(MutableBytes out) {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end - next));
        const MutableBytes part = out.first(count);
        pread_exactly(file->descriptor(), next, part, file->name());
        next += count;
        position.fetch_add(count, std::memory_order_relaxed);
        if (with_digest) sha256.update(part);
        return count;
    }

    void begin() {
        std::array<std::byte, 16> magic{};
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(magic.size(), end - next));
        pread_exactly(file->descriptor(), next, MutableBytes(magic).first(length), file->name());
        packing = detect_packing(ByteView(magic).first(length));
        if (packing == Packing::plain)
            unpacker = std::make_unique<PlainBytes>([this](MutableBytes out) { return read_into(out); });
        else
            unpacker = make_unpacker(packing, [this] { return read_input(); });
    }

    /// Unpacks the next block; false at the end, when the digest is known.
    bool fill(Block& block) {
        try {
            if (!unpacker) begin();
            block.filled = unpacker->read(block.bytes);
            if (block.filled != 0) return true;
            if (with_digest) {
                while (!read_input().empty()) {
                }
                digest = sha256.finish();
            }
            return false;
        } catch (const Error& error) {
            Problem problem = error.problems()[0];
            problem.location.file = file->name();
            throw Error(error.code(), std::move(problem));
        }
    }

    /// Waits for a block to fill; nothing where the reader has gone.
    Block* free_block() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return abandoned || given - taken < ring.size(); });
        return abandoned ? nullptr : &ring[given % ring.size()];
    }

    void give_block() {
        {
            const std::lock_guard lock(mutex);
            ++given;
        }
        changed.notify_one();
    }

    void run() noexcept {
        std::exception_ptr caught;
        try {
            for (Block* block = free_block(); block && fill(*block); block = free_block()) give_block();
        } catch (...) {
            caught = std::current_exception();
        }
        {
            const std::lock_guard lock(mutex);
            ended = true;
            failure = caught;
        }
        changed.notify_one();
    }
};

Decoder::Decoder(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, bool with_digest)
    : state_(std::make_unique<State>()) {
    state_->file = std::move(file);
    state_->next = begin;
    state_->end = end;
    state_->with_digest = with_digest;
    try {
        state_->thread = start_thread([state = state_.get()] { state->run(); });
    } catch (const std::system_error&) {
        // refill() unpacks.
    }
}

Decoder::~Decoder() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->abandoned = true;
    }
    state_->changed.notify_one();
    if (state_->thread.joinable()) state_->thread.join();
}

Packing Decoder::packing() const {
    return state_->packing;
}

std::uint64_t Decoder::input_position() const {
    return state_->position.load(std::memory_order_relaxed);
}

Sha256Digest Decoder::digest() const {
    return state_->digest;
}

ByteView Decoder::refill() {
    State& state = *state_;
    if (!state.thread.joinable()) {
        Block& block = state.ring.front();
        state.ended = state.ended || !state.fill(block);
        return state.ended ? ByteView() : ByteView(block.bytes).first(block.filled);
    }
    std::unique_lock lock(state.mutex);
    if (state.holding) {
        ++state.taken;
        state.holding = false;
        lock.unlock();
        state.changed.notify_one();
        lock.lock();
    }
    state.changed.wait(lock, [&] { return state.ended || state.taken < state.given; });
    if (state.taken == state.given) {
        if (state.failure) std::rethrow_exception(state.failure);
        return {};
    }
    state.holding = true;
    const Block& block = state.ring[state.taken % state.ring.size()];
    return ByteView(block.bytes).first(block.filled);
}

}  // namespace rpixen
