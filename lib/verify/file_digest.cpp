#include "verify/file_digest.hpp"

#include <algorithm>
#include <array>

#include "base/size.hpp"

namespace rpixen {
namespace {

constexpr std::size_t chunk_size = 256 * 1024;

std::optional<Sha256Digest> recorded_digest(const Content& content) {
    return content.source ? content.source->recorded_digest(content.position) : std::nullopt;
}

void add_zeros(Sha256& digest, std::uint64_t count, const Supervision& supervision) {
    static constexpr std::array<std::byte, chunk_size> zeros{};
    while (count > 0) {
        supervision.check();
        const std::uint64_t part = std::min<std::uint64_t>(count, zeros.size());
        digest.update(ByteView(zeros).first(part));
        count -= part;
    }
}

void add_data(Sha256& digest, OpenContent& content, std::uint64_t offset, std::uint64_t length, Bytes& buffer,
              const Supervision& supervision, std::atomic<std::uint64_t>& read) {
    while (length > 0) {
        supervision.check();
        const MutableBytes part = MutableBytes(buffer).first(std::min<std::uint64_t>(length, buffer.size()));
        content.read(offset, part);
        digest.update(part);
        offset += part.size();
        length -= part.size();
        read.fetch_add(part.size(), std::memory_order_relaxed);
    }
}

}  // namespace

Sha256Digest file_digest(const FileTree& tree, NodeId file, const Supervision& supervision,
                         std::atomic<std::uint64_t>& read) {
    const Content content = tree.content(file);
    if (recorded_digest(content)) return content_digest(content, supervision, read);
    if (!tree.sparse(file)) return content_digest(content, supervision, read);
    Sha256 digest;
    Bytes buffer(chunk_size);
    const auto open = content.size > 0 ? content.open() : nullptr;
    std::uint64_t logical = 0;
    std::uint64_t packed = 0;
    for (const DataRun& run : tree.runs(file)) {
        add_zeros(digest, run.logical - logical, supervision);
        add_data(digest, *open, packed, run.length, buffer, supervision, read);
        logical = run.logical + run.length;
        packed += run.length;
    }
    add_zeros(digest, tree.size(file) - logical, supervision);
    return digest.finish();
}

Sha256Digest content_digest(const Content& content, const Supervision& supervision, std::atomic<std::uint64_t>& read) {
    if (const auto recorded = recorded_digest(content)) {
        read.fetch_add(content.size, std::memory_order_relaxed);
        return *recorded;
    }
    Sha256 digest;
    if (content.size > 0) {
        Bytes buffer(std::min<std::uint64_t>(content.size, chunk_size));
        const auto open = content.open();
        add_data(digest, *open, 0, content.size, buffer, supervision, read);
        open->check_unchanged();
    }
    return digest.finish();
}

}  // namespace rpixen
