#include "fs/prebuilt_copy.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/all_zero.hpp"
#include "base/size.hpp"
#include "storage/write_behind.hpp"

namespace rpixen {
namespace {

constexpr std::size_t capacity = 256 * 1024;  ///< stays in the processor's cache: docs/decisions/0006-data-path.md
constexpr std::size_t grain = 64 * 1024;

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

/// Writes what is not zero of the first `size` bytes, in pieces as large as they come.
void put_data(WriteBehind& writer, Bytes buffer, std::uint64_t offset, std::size_t size) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < size; at += grain) {
        const std::size_t length = std::min(grain, size - at);
        if (!all_zero(ByteView(buffer).subspan(at, length))) continue;
        if (at > begin) {
            Bytes piece = writer.take();
            std::memcpy(piece.data(), buffer.data() + begin, at - begin);
            writer.put(std::move(piece), offset + begin, 0, at - begin);
        }
        begin = at + length;
    }
    writer.put(std::move(buffer), offset + begin, begin, std::max(begin, size));
}

/// Lets the file system share whole blocks with the image, holes included, and returns how many of the first bytes are
/// there now. Where it cannot, nothing is.
std::uint64_t share_image(const Content& image, const OpenContent& open, PartitionOutput& partition,
                          const Supervision& supervision) {
    constexpr std::uint64_t block = 4096;   // a file system with larger ones says no
    constexpr std::uint64_t at_once = GiB;  // a request to stop is heard between two calls
    if (open.descriptor() < 0 || open.base() % block != 0 || partition.offset() % block != 0) return 0;
    const std::uint64_t whole = align_down(image.size, block);
    std::uint64_t done = 0;
    while (done < whole) {
        supervision.check();
        const std::uint64_t part = std::min(at_once, whole - done);
        if (!partition.share(done, open.descriptor(), open.base() + done, part)) break;
        done += part;
    }
    return done;
}

}  // namespace

void copy_prebuilt(const Content& image, PartitionOutput& partition, const Supervision& supervision,
                   std::uint64_t& done) {
    const auto open = image.open();
    WriteBehind writer(partition, capacity);
    const std::uint64_t before = done;
    for (std::uint64_t at = share_image(image, *open, partition, supervision); at < image.size;) {
        const Range data = next_data(image, open->descriptor(), open->base(), at);
        for (at = data.begin; at < data.end;) {
            supervision.check();
            Bytes buffer = writer.take();
            const auto size = static_cast<std::size_t>(
                std::min<std::uint64_t>(capacity - (partition.offset() + at) % capacity, data.end - at));
            open->read(at, MutableBytes(buffer).first(size));
            put_data(writer, std::move(buffer), at, size);
            at += size;
            done = before + at;
            supervision.advance(done);
        }
    }
    writer.finish();
    open->check_unchanged();
    done = before + image.size;
    supervision.advance(done);
}

}  // namespace rpixen
