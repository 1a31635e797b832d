#include "unpack/decoder.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <exception>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include <rpixen/error.hpp>

#include "base/beside.hpp"
#include "base/size.hpp"
#include "unpack/piece_stream.hpp"
#include "unpack/pieces.hpp"

namespace rpixen {
namespace {

constexpr std::size_t blocks_alone = 6;
// A piece behind the one that is read is unpacked as a whole where it is no larger: 8 MiB, what a frame of pzstd's
// holds.
constexpr std::size_t blocks_of_many = 32;
constexpr unsigned most_pieces = 4;  // at once: 32 MiB of blocks

/// The SHA-256 of bytes [begin, end) of a file: pieces are unpacked beside each other, and a digest takes its bytes in
/// order. What it returns is of no use once `given_up` is set.
Sha256Digest digest_of_range(const InputFile& file, std::uint64_t begin, std::uint64_t end,
                             const std::atomic<bool>& given_up) {
    Sha256 sha256;
    Bytes bytes(256 * KiB);
    while (begin < end && !given_up) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), end - begin));
        pread_exactly(file.descriptor(), begin, MutableBytes(bytes).first(size), file.name());
        sha256.update(ByteView(bytes).first(size));
        begin += size;
    }
    return sha256.finish();
}

}  // namespace

struct Decoder::State {
    PieceStream::Input input;
    std::atomic<std::uint64_t> position{0};
    Sha256 sha256;  ///< of one piece
    std::optional<Sha256Digest> digest;
    std::optional<Pieces> pieces;
    unsigned at_once = 1;
    std::deque<PieceStream> streams;  ///< those that are unpacked; the first is read
    std::exception_ptr failure;       ///< of looking at the file
    std::atomic<bool> given_up{false};
    std::shared_future<Sha256Digest> range_digest;  ///< of several pieces

    ~State() { given_up = true; }

    void begin(std::uint64_t begin, std::uint64_t end, bool with_digest) {
        std::array<std::byte, 16> magic{};
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(magic.size(), end - begin));
        pread_exactly(input.file->descriptor(), begin, MutableBytes(magic).first(length), input.file->name());
        input.packing = detect_packing(ByteView(magic).first(length));
        input.position = &position;
        const unsigned processors = std::clamp(std::thread::hardware_concurrency(), 1U, most_pieces);
        Piece piece{begin, end, true};
        if (processors > 1) {
            pieces.emplace(input.file, begin, end, input.packing);
            piece = pieces->next().value_or(piece);
        }
        input.read_ahead = piece.last && processors > 1;
        if (!piece.last) {
            at_once = processors;
            if (with_digest)
                range_digest = beside(
                    [this, begin, end] { return digest_of_range(*input.file, begin, end, given_up); });
        } else if (with_digest) {
            input.sha256 = &sha256;
        }
        streams.emplace_back(input, piece, std::vector<Block>(piece.last ? blocks_alone : blocks_of_many));
        start_pieces({});
    }

    /// As many as are unpacked at once, the first of them with these blocks.
    void start_pieces(std::vector<Block> ring) {
        while (pieces && streams.size() < at_once) {
            const auto piece = pieces->next();
            if (!piece) return;
            if (ring.empty()) ring.resize(blocks_of_many);
            streams.emplace_back(input, *piece, std::exchange(ring, {}));
        }
    }

    ByteView next() {
        if (failure) std::rethrow_exception(failure);
        while (!streams.empty()) {
            if (const ByteView part = streams.front().next(); !part.empty()) return part;
            std::vector<Block> ring = streams.front().take_ring();
            streams.pop_front();
            start_pieces(std::move(ring));
        }
        if (range_digest.valid()) digest = range_digest.get();
        if (input.sha256 && !digest) digest = sha256.finish();
        return {};
    }
};

Decoder::Decoder(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, bool with_digest)
    : state_(std::make_unique<State>()) {
    state_->input.file = std::move(file);
    try {
        state_->begin(begin, end, with_digest);
    } catch (const Error&) {
        state_->failure = std::current_exception();
    }
}

Decoder::~Decoder() = default;

Packing Decoder::packing() const {
    return state_->input.packing;
}

std::uint64_t Decoder::input_position() const {
    return state_->position.load(std::memory_order_relaxed);
}

Sha256Digest Decoder::digest() const {
    return state_->digest.value_or(Sha256Digest{});
}

ByteView Decoder::refill() {
    return state_->next();
}

}  // namespace rpixen
