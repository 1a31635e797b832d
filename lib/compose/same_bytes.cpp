#include "compose/same_bytes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/size.hpp"

namespace rpixen {
namespace {

/// The first byte at or after `offset` that is in no hole; `end` where there is none.
std::uint64_t next_data(int descriptor, std::uint64_t offset, std::uint64_t end) {
    const off_t found = ::lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
    if (found >= 0) return std::min<std::uint64_t>(static_cast<std::uint64_t>(found), end);
    return errno == ENXIO ? end : offset;  // a file system without holes is read whole
}

}  // namespace

bool holds_the_same(const OutputFile& output) {
    const FileDescriptor older(::open(output.path().c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat now {};
    struct stat before {};
    if (!older || ::fstat(older.get(), &before) != 0 || ::fstat(output.descriptor(), &now) != 0) return false;
    if (!S_ISREG(before.st_mode) || before.st_size != now.st_size) return false;
    const auto end = static_cast<std::uint64_t>(now.st_size);
    Bytes one(MiB);
    Bytes other(MiB);
    for (std::uint64_t offset = 0; offset < end;) {
        const std::uint64_t data = std::min(next_data(older.get(), offset, end),
                                            next_data(output.descriptor(), offset, end));
        if (data > offset) {
            offset = data;
            continue;
        }
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(MiB, end - offset));
        pread_exactly(older.get(), offset, MutableBytes(one).first(count), output.path());
        pread_exactly(output.descriptor(), offset, MutableBytes(other).first(count), output.path());
        if (!std::equal(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(count), other.begin())) return false;
        offset += count;
    }
    return true;
}

}  // namespace rpixen
