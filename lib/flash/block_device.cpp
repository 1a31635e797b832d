#include "flash/block_device.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <rpixen/error.hpp>

#include "flash/page_buffer.hpp"

namespace rpixen {
namespace {

[[noreturn]] void refuse_open(const std::string& path) {
    const int reason = errno;
    Problem problem{"cannot open " + path, std::generic_category().message(reason), "a disk that nobody uses"};
    if (reason == EBUSY) problem.change = "unmount what lies on it, and end what holds it (lsblk shows it)";
    if (reason == EACCES || reason == EPERM) problem.change = "run this as root";
    if (reason == EROFS) problem.change = "move the card's write protection";
    if (reason == ENOENT) problem.change = "'rpixen-img flash IMAGE' lists the disks that there are";
    if (reason == ENOMEDIUM) problem.change = "put a card into the reader";
    problem.system_error = reason;
    throw Error(ErrorCode::io, std::move(problem));
}

FileDescriptor open_alone(const std::string& path) {
    constexpr int flags = O_RDWR | O_EXCL | O_CLOEXEC;
    FileDescriptor descriptor(::open(path.c_str(), flags | O_DIRECT));
    if (!descriptor && errno == EINVAL) descriptor = FileDescriptor(::open(path.c_str(), flags));
    if (!descriptor) refuse_open(path);
    return descriptor;
}

[[noreturn]] void refuse_place(const char* what, const std::string& path, std::uint64_t place, int reason) {
    Problem problem{"cannot " + std::string(what) + " " + path + " at byte " + std::to_string(place),
                    std::generic_category().message(reason),
                    {},
                    "the card or its reader fails: try others"};
    problem.system_error = reason;
    throw Error(ErrorCode::io, std::move(problem));
}

/// Calls `transfer(place, first byte, length)`, which is pread or pwrite, until all is done. Returns what it did; errno
/// tells why that is not all.
template <typename Transfer>
std::size_t transferred(std::size_t length, const Transfer& transfer) {
    std::size_t done = 0;
    while (done < length) {
        const ssize_t count = transfer(done, length - done);
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) errno = EIO;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    return done;
}

/// The same, and where it fails once more page by page: a disk does not say which of the sectors it was.
template <typename Transfer>
void transfer_all(const char* what, const std::string& path, std::uint64_t place, std::size_t length,
                  const Transfer& transfer) {
    std::size_t done = transferred(length, transfer);
    while (done < length) {
        const std::size_t part = std::min<std::size_t>(PageBuffer::page, length - done);
        const std::size_t more = transferred(
            part, [&](std::size_t at, std::size_t count) { return transfer(done + at, count); });
        if (more < part) refuse_place(what, path, place + done + more, errno);
        done += more;
    }
}

}  // namespace

BlockDevice::BlockDevice(std::string path) : path_(std::move(path)), descriptor_(open_alone(path_)) {
    struct stat status {};
    if (::fstat(descriptor_.get(), &status) != 0) throw_io("examine", path_);
    if (!S_ISBLK(status.st_mode))
        throw Error(ErrorCode::usage, path_ + " is no disk", {}, "a block device", "name the card's device");
    std::uint64_t size = 0;
    int sector = 0;
    if (::ioctl(descriptor_.get(), BLKGETSIZE64, &size) != 0) throw_io("ask for the size of", path_);
    if (::ioctl(descriptor_.get(), BLKSSZGET, &sector) != 0) throw_io("ask for the sectors of", path_);
    if (sector > static_cast<int>(PageBuffer::page))
        throw Error(ErrorCode::unfit, "the sectors of " + path_ + " are larger than those of any card",
                    std::to_string(sector) + " bytes", "at most " + std::to_string(PageBuffer::page),
                    "name the card's device");
    size_ = size;
}

BlockDevice::~BlockDevice() {
    if (written_) static_cast<void>(::ioctl(descriptor_.get(), BLKRRPART));
}

void BlockDevice::write(std::uint64_t place, ByteView bytes) {
    written_ = true;
    transfer_all("write", path_, place, bytes.size(), [&](std::size_t done, std::size_t count) {
        return ::pwrite(descriptor_.get(), bytes.data() + done, count, static_cast<off_t>(place + done));
    });
}

void BlockDevice::read(std::uint64_t place, MutableBytes bytes) {
    transfer_all("read", path_, place, bytes.size(), [&](std::size_t done, std::size_t count) {
        return ::pread(descriptor_.get(), bytes.data() + done, count, static_cast<off_t>(place + done));
    });
}

void BlockDevice::settle() {
    while (::fsync(descriptor_.get()) != 0)
        if (errno != EINTR) throw_io("bring what was written to", path_);
    // Where one of them is not to be had the other does it; both only matter without O_DIRECT.
    static_cast<void>(::ioctl(descriptor_.get(), BLKFLSBUF));
    static_cast<void>(::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED));
}

}  // namespace rpixen
