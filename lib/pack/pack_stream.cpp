#include "pack/pack_stream.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/beside.hpp"

namespace rpixen {

PackStream::PackStream(Compression compression, unsigned threads, Write write)
    : compressor_(make_compressor(compression)), threads_(std::max(threads, 1U)), write_(std::move(write)) {
    if (compressor_) write_(compressor_->start());
}

PackStream::~PackStream() = default;

void PackStream::add(Bytes block) {
    if (!compressor_) {
        write_(block);
        buffers_.push_back(std::move(block));
        return;
    }
    if (pending_.size() > threads_) write_first();
    // std::async wants something that can be copied.
    const auto shared = std::make_shared<Bytes>(std::move(block));
    pending_.push_back(beside([this, shared] {
        CompressedBlock compressed = compressor_->compress(*shared);
        return Done{std::move(*shared), std::move(compressed)};
    }));
}

void PackStream::finish() {
    while (!pending_.empty()) write_first();
    if (compressor_) write_(compressor_->finish());
}

Bytes PackStream::take_buffer() {
    if (buffers_.empty()) return {};
    Bytes buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
}

void PackStream::write_first() {
    Done done = pending_.front().get();
    pending_.pop_front();
    compressor_->follow(done.compressed);
    write_(done.compressed.bytes);
    buffers_.push_back(std::move(done.block));
}

}  // namespace rpixen
