#include "storage/file_descriptor.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

std::string way_out(int reason) {
    switch (reason) {
        case ENOSPC:
        case EDQUOT:
            return "free some space or choose another place with -o";
        case EACCES:
        case EPERM:
            return "give permission or choose another place";
        case EROFS:
            return "choose a place that can be written";
        case ENOENT:
        case ENOTDIR:
            return "make the folder first or choose another place";
        case EFBIG:
            return "lift the limit of file sizes (ulimit -f) or choose a file system that takes larger files";
        case EIO:
            return "look at the disk's health (dmesg)";
        default:
            return {};
    }
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FileDescriptor::~FileDescriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

void throw_io(const std::string& what, const std::string& name) {
    const int reason = errno;
    Problem problem{"cannot " + what + " " + name, std::generic_category().message(reason), {}, way_out(reason)};
    problem.system_error = reason;
    throw Error(ErrorCode::io, std::move(problem));
}

void pread_exactly(int descriptor, std::uint64_t offset, MutableBytes out, const std::string& name) {
    while (!out.empty()) {
        const ssize_t count = ::pread(descriptor, out.data(), out.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_io("read", name);
        if (count == 0)
            throw Error(ErrorCode::io, name + " ended while it was read", "its end at byte " + std::to_string(offset),
                        std::to_string(out.size()) + " further bytes", "do not change inputs during a run");
        out = out.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void pwrite_exactly(int descriptor, std::uint64_t offset, ByteView bytes, const std::string& name) {
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw_io("write", name);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

}  // namespace rpixen
