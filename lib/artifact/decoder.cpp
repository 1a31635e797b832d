#include "artifact/decoder.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include <rpixen/error.hpp>

#include "artifact/packing.hpp"
#include "base/handle.hpp"

namespace rpixen {
namespace {

using Archive = Handle<archive, archive_read_free>;
constexpr std::size_t input_block = 256 * 1024;
constexpr std::size_t blocks = 6;

struct Block {
    Bytes bytes = Bytes(Decoder::largest_block);
    std::size_t filled = 0;
};

void support_filter(archive* handle, Packing packing, const std::string& name) {
    int result = ARCHIVE_FATAL;
    switch (packing) {
        case Packing::gzip:
            result = archive_read_support_filter_gzip(handle);
            break;
        case Packing::xz:
            result = archive_read_support_filter_xz(handle);
            break;
        case Packing::zstd:
            result = archive_read_support_filter_zstd(handle);
            break;
        case Packing::bzip2:
            result = archive_read_support_filter_bzip2(handle);
            break;
        case Packing::lz4:
            result = archive_read_support_filter_lz4(handle);
            break;
        case Packing::plain:
            throw Error(ErrorCode::artifact, name + " is not compressed");
    }
    // ARCHIVE_WARN: libarchive would start a program for it.
    if (result != ARCHIVE_OK)
        throw Error(ErrorCode::unavailable, std::string("libarchive was built without ") + name_of(packing) +
                                                ", which " + name + " needs");
}

}  // namespace

struct Decoder::State {
    std::shared_ptr<const InputFile> file;
    std::uint64_t next = 0;
    std::uint64_t end = 0;
    bool with_digest = false;
    Sha256 sha256;
    Sha256Digest digest{};
    Bytes input = Bytes(input_block);
    std::exception_ptr input_failure;
    std::atomic<std::uint64_t> position{0};

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
    ByteView read_input() {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), end - next));
        const MutableBytes part = MutableBytes(input).first(count);
        pread_exactly(file->descriptor(), next, part, file->name());
        next += count;
        position.fetch_add(count, std::memory_order_relaxed);
        if (with_digest) sha256.update(part);
        return part;
    }

    static la_ssize_t read_callback(archive* handle, void* self, const void** buffer) noexcept {
        auto& state = *static_cast<State*>(self);
        try {
            const ByteView part = state.read_input();
            *buffer = part.data();
            return static_cast<la_ssize_t>(part.size());
        } catch (...) {
            state.input_failure = std::current_exception();
            archive_set_error(handle, EIO, "reading failed");
            return ARCHIVE_FATAL;
        }
    }

    [[noreturn]] void fail(archive* handle, Packing packing) {
        if (input_failure) std::rethrow_exception(input_failure);
        const char* reason = archive_error_string(handle);
        Problem problem{
            "it cannot be unpacked: its " + std::string(name_of(packing)) + " data are damaged or end early",
            reason ? reason : "no reason given",
            {},
            "fetch or make it again",
            {}};
        problem.location.file = file->name();
        throw Error(ErrorCode::artifact, std::move(problem));
    }

    void unpack() {
        std::array<std::byte, 16> magic{};
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(magic.size(), end - next));
        pread_exactly(file->descriptor(), next, MutableBytes(magic).first(length), file->name());
        const Packing packing = detect_packing(magic);

        const Archive handle(archive_read_new());
        if (!handle) throw std::bad_alloc();
        support_filter(handle.get(), packing, file->name());
        archive_read_support_format_raw(handle.get());
        archive_read_support_format_empty(handle.get());
        archive_entry* entry = nullptr;
        if (archive_read_open(handle.get(), this, nullptr, read_callback, nullptr) != ARCHIVE_OK)
            fail(handle.get(), packing);
        const int header = archive_read_next_header(handle.get(), &entry);
        if (header != ARCHIVE_OK && header != ARCHIVE_EOF) fail(handle.get(), packing);
        while (header == ARCHIVE_OK) {
            Block* block = free_block();
            if (!block) return;
            const la_ssize_t count =
                archive_read_data(handle.get(), block->bytes.data(), block->bytes.size());
            if (count < 0) fail(handle.get(), packing);
            if (count == 0) break;
            block->filled = static_cast<std::size_t>(count);
            give_block();
        }
        if (with_digest) {
            while (!read_input().empty()) {
            }
            digest = sha256.finish();
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
            unpack();
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

Decoder::Decoder(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end,
                 bool with_digest)
    : state_(std::make_unique<State>()) {
    state_->file = std::move(file);
    state_->next = begin;
    state_->end = end;
    state_->with_digest = with_digest;
    // Signals belong to the thread that called: a new thread starts with all of them blocked.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        state_->thread = std::thread([state = state_.get()] { state->run(); });
    } catch (...) {
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Decoder::~Decoder() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->abandoned = true;
    }
    state_->changed.notify_one();
    state_->thread.join();
}

std::uint64_t Decoder::input_position() const {
    return state_->position.load(std::memory_order_relaxed);
}

Sha256Digest Decoder::digest() const {
    return state_->digest;
}

ByteView Decoder::refill() {
    State& state = *state_;
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
