#include "flash/image_reading.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

namespace rpixen {

void read_image(OpenContent& image, std::uint64_t size, Range place, MutableBytes out) {
    const auto inside = static_cast<std::size_t>(std::min(place.end, std::max(place.begin, size)) - place.begin);
    image.read(place.begin, out.first(inside));
    std::fill(out.begin() + static_cast<std::ptrdiff_t>(inside), out.end(), std::byte{0});
}

void ImageProof::take(Range place, ByteView bytes) {
    for (; next_ < content_.known.size(); ++next_) {
        const DigestedRange& known = content_.known[next_];
        const Range part{std::max(place.begin, known.bytes.begin), std::min(place.end, known.bytes.end)};
        if (part.begin >= part.end) return;
        digest_.update(
            bytes.subspan(static_cast<std::size_t>(part.begin - place.begin), static_cast<std::size_t>(part.size())));
        if (known.bytes.end > place.end) return;
        const Sha256Digest found = std::exchange(digest_, Sha256()).finish();
        if (found != known.digest)
            throw Error(
                ErrorCode::artifact,
                content_.image.source->name() + " is not the image that its block map is of: bytes " +
                    std::to_string(known.bytes.begin) + " to " + std::to_string(known.bytes.end - 1) + " differ",
                "sha256 " + hex(found), "sha256 " + hex(known.digest), "fetch or make image and block map again");
    }
}

}  // namespace rpixen
