#include "backend/direct/prebuilt_copy.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rpixen {
namespace {

constexpr std::size_t capacity =
    256 * 1024;  ///< stays in the processor's cache: docs/decisions/0006-data-path.md
constexpr std::size_t grain = 64 * 1024;

bool all_zero(ByteView bytes) {
    return bytes.empty() ||
           (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

/// The next run of data at or behind `at`, in the content; empty at its end. A file system that knows no
/// holes says that everything is data.
Range next_data(const Content& image, int descriptor, std::uint64_t base, std::uint64_t at) {
    if (descriptor < 0) return {at, image.size};
    const off_t begin = ::lseek(descriptor, static_cast<off_t>(base + at), SEEK_DATA);
    if (begin < 0) return errno == ENXIO ? Range{image.size, image.size} : Range{at, image.size};
    const off_t end = ::lseek(descriptor, begin, SEEK_HOLE);
    const std::uint64_t first = std::min(static_cast<std::uint64_t>(begin) - base, image.size);
    if (end < 0) return {first, image.size};
    return {first, std::min(static_cast<std::uint64_t>(end) - base, image.size)};
}

/// Writes what is not zero, in pieces as large as they come.
void write_data(Partition& partition, std::uint64_t offset, ByteView bytes) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < bytes.size(); at += grain) {
        const std::size_t size = std::min(grain, bytes.size() - at);
        if (!all_zero(bytes.subspan(at, size))) continue;
        if (at > begin) partition.write(offset + begin, bytes.subspan(begin, at - begin));
        begin = at + size;
    }
    if (bytes.size() > begin) partition.write(offset + begin, bytes.subspan(begin));
}

}  // namespace

void copy_prebuilt(const Content& image, Partition& partition, const Supervision& supervision,
                   std::uint64_t& done) {
    const auto open = image.open();
    Bytes buffer(capacity);
    const std::uint64_t before = done;
    for (std::uint64_t at = 0; at < image.size;) {
        const Range data = next_data(image, open->descriptor(), open->base(), at);
        for (at = data.begin; at < data.end;) {
            supervision.check();
            const MutableBytes part = MutableBytes(buffer).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(capacity, data.end - at)));
            open->read(at, part);
            write_data(partition, at, part);
            at += part.size();
            done = before + at;
            supervision.advance(done);
        }
    }
    open->check_unchanged();
    done = before + image.size;
    supervision.advance(done);
}

}  // namespace rpixen
