#include "fs/ext4/image_medium.hpp"

#include <algorithm>
#include <cstring>

namespace rpixen::ext4 {

bool ImageMedium::read(std::uint64_t offset, MutableBytes bytes) {
    if (offset > range_.size() || bytes.size() > range_.size() - offset) return false;
    while (!bytes.empty()) {
        const ByteView chunk = chunk_of(offset / chunk_size);
        const auto inside = static_cast<std::size_t>(offset % chunk_size);
        const std::size_t part = std::min(bytes.size(), chunk.size() - inside);
        std::memcpy(bytes.data(), chunk.data() + inside, part);
        bytes = bytes.subspan(part);
        offset += part;
    }
    return true;
}

ByteView ImageMedium::chunk_of(std::uint64_t number) {
    Chunk& chunk = chunks_[number % chunk_count];
    if (chunk.number != number) {
        const std::uint64_t begin = number * chunk_size;
        chunk.number = ~std::uint64_t{0};
        chunk.bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(chunk_size, range_.size() - begin)));
        image_->read(range_.begin + begin, chunk.bytes);
        chunk.number = number;
    }
    return chunk.bytes;
}

}  // namespace rpixen::ext4
