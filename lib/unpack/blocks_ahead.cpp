#include "unpack/blocks_ahead.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/host_signals.hpp"

namespace rpixen {

BlocksAhead::BlocksAhead(Fill fill, std::vector<Block> ring)
    : fill_(std::move(fill)), ring_(std::move(ring)), few_(std::clamp<std::uint64_t>(ring_.size() / 2, 1, 3)) {
    try {
        thread_ = start_thread([this] { run(); });
    } catch (const std::system_error&) {
        // next() fills.
    }
}

BlocksAhead::~BlocksAhead() {
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

/// Waits for a block to fill; nothing where the reader has gone.
Block* BlocksAhead::free_block() {
    std::unique_lock lock(mutex_);
    if (given_ - taken_ == ring_.size())
        changed_.wait(lock, [&] { return abandoned_ || given_ - taken_ <= ring_.size() - few_; });
    return abandoned_ ? nullptr : &ring_[given_ % ring_.size()];
}

void BlocksAhead::give_block() {
    {
        const std::lock_guard lock(mutex_);
        if (++given_ - taken_ < few_) return;
    }
    changed_.notify_one();
}

void BlocksAhead::run() noexcept {
    std::exception_ptr caught;
    try {
        for (Block* block = free_block(); block && fill_(*block); block = free_block()) give_block();
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

ByteView BlocksAhead::next() {
    if (!thread_.joinable()) {
        Block& block = ring_.front();
        ended_ = ended_ || !fill_(block);
        return ended_ ? ByteView() : ByteView(block.bytes).first(block.filled);
    }
    std::unique_lock lock(mutex_);
    if (std::exchange(holding_, false) && given_ - ++taken_ <= ring_.size() - few_) changed_.notify_one();
    if (taken_ == given_) changed_.wait(lock, [&] { return ended_ || given_ - taken_ >= few_; });
    if (taken_ == given_) {
        if (failure_) std::rethrow_exception(failure_);
        return {};
    }
    holding_ = true;
    const Block& block = ring_[taken_ % ring_.size()];
    return ByteView(block.bytes).first(block.filled);
}

std::vector<Block> BlocksAhead::take_ring() {
    if (thread_.joinable()) thread_.join();
    return std::move(ring_);
}

}  // namespace rpixen
