#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.hpp"

namespace rpixen {

/// Owns a POSIX file descriptor.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int descriptor) noexcept : descriptor_(descriptor) {}
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor();

    int get() const noexcept { return descriptor_; }
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

/// Reads exactly out.size() bytes at `offset`. `name` is for the message.
/// Throws Error{io}: a read failed, or the file ends before (it was cut while being read).
void pread_exactly(int descriptor, std::uint64_t offset, MutableBytes out, const std::string& name);

/// Writes all of `bytes` at `offset`. Throws Error{io} (full disk, quota, ...), naming `name`.
void pwrite_exactly(int descriptor, std::uint64_t offset, ByteView bytes, const std::string& name);

/// Error{io} for the present errno: "cannot <what> <name>: <reason>".
[[noreturn]] void throw_io(const std::string& what, const std::string& name);

}  // namespace rpixen
