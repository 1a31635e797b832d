#include "unpack/byte_stream.hpp"

#include <algorithm>
#include <cstring>

namespace rpixen {

void ByteStream::consume(std::size_t count) {
    ready_ = ready_.subspan(count);
    position_ += count;
}

ByteView ByteStream::peek() {
    if (ready_.empty()) ready_ = refill();
    return ready_;
}

ByteView ByteStream::some(std::uint64_t most) {
    const ByteView all = peek();
    const ByteView part = all.first(static_cast<std::size_t>(std::min<std::uint64_t>(most, all.size())));
    consume(part.size());
    return part;
}

std::size_t ByteStream::read(MutableBytes out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const ByteView part = some(out.size() - done);
        if (part.empty()) break;
        std::memcpy(out.data() + done, part.data(), part.size());
        done += part.size();
    }
    return done;
}

bool ByteStream::skip(std::uint64_t count) {
    const std::uint64_t held = std::min<std::uint64_t>(count, ready_.size());
    consume(static_cast<std::size_t>(held));
    count -= held;
    return count == 0 || jump(count);
}

bool ByteStream::jump(std::uint64_t count) {
    while (count > 0) {
        const ByteView part = some(count);
        if (part.empty()) return false;
        count -= part.size();
    }
    return true;
}

FileStream::FileStream(std::shared_ptr<const InputFile> file, std::uint64_t begin, std::uint64_t end, std::size_t block)
    : file_(std::move(file)), next_(begin), end_(end), buffer_(block) {}

ByteView FileStream::refill() {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), end_ - next_));
    const MutableBytes part = MutableBytes(buffer_).first(count);
    pread_exactly(file_->descriptor(), next_, part, file_->name());
    next_ += count;
    return part;
}

bool FileStream::jump(std::uint64_t count) {
    if (count > end_ - next_) return false;
    next_ += count;
    jumped(count);
    return true;
}

}  // namespace rpixen
