#include "storage/data_path.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <rpixen/error.hpp>

#include "base/size.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {
namespace {

constexpr std::size_t capacity = 256 * 1024;       ///< stays in the processor's cache: docs/decisions/0006-data-path.md
constexpr std::size_t widest_skip = 16 * 1024;     ///< reading over a tar's headers is cheaper than a second call
constexpr std::size_t most_parts = 1000;           ///< IOV_MAX is 1024
constexpr std::uint64_t block = 4096;              ///< of file systems that share blocks; one with larger ones says no
constexpr std::uint64_t fewest_shared = 64 * KiB;  ///< below, copying is cheaper than the call

/// preadv until everything is there; the parts are used up.
void read_parts(int descriptor, std::uint64_t offset, std::vector<iovec>& parts, const std::string& name) {
    std::size_t first = 0;
    while (first < parts.size()) {
        const ssize_t count = ::preadv(descriptor, parts.data() + first, static_cast<int>(parts.size() - first),
                                       static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_io("read", name);
        if (count == 0)
            throw Error(ErrorCode::io, name + " ended while it was read", "its end at byte " + std::to_string(offset),
                        {}, "do not change inputs during a run");
        offset += static_cast<std::uint64_t>(count);
        auto left = static_cast<std::size_t>(count);
        while (first < parts.size() && left >= parts[first].iov_len) left -= parts[first++].iov_len;
        if (left != 0) {
            parts[first].iov_base = static_cast<std::byte*>(parts[first].iov_base) + left;
            parts[first].iov_len -= left;
        }
    }
}

}  // namespace

DataPath::DataPath(PartitionOutput& partition, const Supervision& supervision, std::uint64_t& done)
    : partition_(partition),
      supervision_(supervision),
      done_(done),
      writer_(partition, capacity),
      buffer_(writer_.take()),
      skipped_(widest_skip) {}

void DataPath::copy(const Content& content, std::uint64_t from, std::uint64_t to, std::uint64_t length) {
    if (!content.source) throw Error(ErrorCode::internal, "a file's data was left out of the plan");
    const std::uint64_t shared = share(content, from, to, length);
    from += shared;
    to += shared;
    length -= shared;
    while (length != 0) {
        const std::uint64_t end = begin_ + used_;
        // Between two files lies at most the unused rest of a block, which must be zero anyway.
        const bool adjacent = used_ != 0 && to >= end && to - end < 4096 && to - begin_ < window_;
        if (!adjacent) {
            flush();
            begin_ = to;
            // Writes that end on a multiple of their size let the page cache take large pages.
            window_ = capacity - static_cast<std::size_t>((partition_.offset() + begin_) % capacity);
        }
        const auto place = static_cast<std::size_t>(to - begin_);
        std::fill(buffer_.begin() + static_cast<std::ptrdiff_t>(used_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(place), std::byte{0});
        const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(length, window_ - place));
        read(content, from, MutableBytes(buffer_).subspan(place, part));
        used_ = place + part;
        from += part;
        to += part;
        length -= part;
    }
}

void DataPath::open(const Content& content) {
    const bool in_one_file = content.source->descriptor() >= 0;
    if (open_ && current_.source == content.source && (in_one_file || current_.position == content.position)) return;
    leave_source();
    current_ = content;
    open_ = content.open();
}

/// Returns how many of the first bytes are shared now: whole blocks, of what begins with one on both sides.
std::uint64_t DataPath::share(const Content& content, std::uint64_t from, std::uint64_t to, std::uint64_t length) {
    if (length < fewest_shared || content.source.get() == unshared_) return 0;
    open(content);
    const bool in_one_file = content.source->descriptor() >= 0;
    const int descriptor = in_one_file ? content.source->descriptor() : open_->descriptor();
    const std::uint64_t place = from + (in_one_file ? content.position : open_->base());
    if (descriptor < 0 || place % block != 0 || (partition_.offset() + to) % block != 0) return 0;
    const std::uint64_t whole = align_down(length, block);
    if (!partition_.share(to, descriptor, place, whole)) {
        unshared_ = content.source.get();
        return 0;
    }
    supervision_.check();
    done_ += whole;
    supervision_.advance(done_);
    return whole;
}

void DataPath::read(const Content& content, std::uint64_t from, MutableBytes out) {
    if (content.source->descriptor() >= 0) {
        queue(content, content.position + from, out);
        return;
    }
    open(content);
    open_->read(from, out);
}

void DataPath::queue(const Content& content, std::uint64_t offset, MutableBytes out) {
    const bool follows = !pending_.parts.empty() && pending_.source == content.source.get() &&
                         offset >= pending_.next && offset - pending_.next <= skipped_.size() &&
                         pending_.parts.size() < most_parts;
    if (!follows) {
        run_queued();
        pending_.first = offset;
        pending_.next = offset;
    }
    open(content);
    pending_.source = content.source.get();
    if (offset != pending_.next)
        pending_.parts.push_back({skipped_.data(), static_cast<std::size_t>(offset - pending_.next)});
    pending_.parts.push_back({out.data(), out.size()});
    pending_.next = offset + out.size();
}

void DataPath::run_queued() {
    if (pending_.parts.empty()) return;
    read_parts(pending_.source->descriptor(), pending_.first, pending_.parts, pending_.source->name());
    pending_.parts.clear();
}

void DataPath::flush() {
    run_queued();
    if (used_ == 0) return;
    supervision_.check();
    done_ += used_;
    writer_.put(std::move(buffer_), begin_, 0, std::exchange(used_, 0));
    buffer_ = writer_.take();
    supervision_.advance(done_);
}

void DataPath::leave_source() {
    run_queued();
    if (open_) open_->check_unchanged();
    open_.reset();
}

void DataPath::finish() {
    flush();
    leave_source();
    writer_.finish();
}

}  // namespace rpixen
