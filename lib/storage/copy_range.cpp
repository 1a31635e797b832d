#include "storage/copy_range.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/size.hpp"

namespace rpixen {

bool share_range(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::uint64_t length) {
    file_clone_range range{};
    range.src_fd = from;
    range.src_offset = from_offset;
    range.src_length = length;
    range.dest_offset = to_offset;
    // A length of 0 would mean all of the file.
    return length == 0 || ::ioctl(to, FICLONERANGE, &range) == 0;
}

std::uint64_t copy_range(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::uint64_t length,
                         const Supervision& supervision) {
    constexpr std::uint64_t at_once = 64 * MiB;  // a request to stop is heard between two calls
    std::uint64_t done = 0;
    while (done < length) {
        supervision.check();
        auto source = static_cast<off64_t>(from_offset + done);
        auto target = static_cast<off64_t>(to_offset + done);
        const auto part = static_cast<std::size_t>(std::min(at_once, length - done));
        const ssize_t count = ::copy_file_range(from, &source, to, &target, part, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += static_cast<std::uint64_t>(count);
    }
    return done;
}

}  // namespace rpixen
