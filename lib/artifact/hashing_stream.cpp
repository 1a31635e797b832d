#include "artifact/hashing_stream.hpp"

#include <limits>

namespace rpixen {

ByteView HashingStream::refill() {
    const ByteView part = inner_.some(std::numeric_limits<std::uint64_t>::max());
    sha256_.update(part);
    return part;
}

Sha256Digest HashingStream::finish() {
    while (!some(std::numeric_limits<std::uint64_t>::max()).empty()) {
    }
    return sha256_.finish();
}

}  // namespace rpixen
