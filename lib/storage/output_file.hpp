#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

/// A file that appears under its name whole or not at all.
///
/// Until commit() it has no name that survives the process where the file system offers O_TMPFILE, otherwise
/// a temporary name beside the target that the destructor removes. An older file of that name stays whole
/// until then.
class OutputFile {
  public:
    /// Opens the unnamed file in the target's folder. Throws Error{io}: no such folder, no permission, or the
    /// target is something else than a regular file.
    explicit OutputFile(std::string path);
    ~OutputFile();
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    int descriptor() const noexcept { return descriptor_.get(); }
    const std::string& path() const noexcept { return path_; }

    /// Sets the length in bytes; what was never written reads as zeros and takes no space.
    void resize(std::uint64_t length);
    void write(std::uint64_t offset, ByteView bytes);
    /// Asks the file system for the space of [offset, offset + length), which is about to be written: cheaper
    /// than block by block (docs/decisions/0006-data-path.md). The length grows with it. False where the file
    /// system cannot or has not so much; writing then shows what fits.
    bool reserve(std::uint64_t offset, std::uint64_t length);
    /// Makes [offset, offset + length) read as zeros again and gives its space back where the file system
    /// can.
    void punch(std::uint64_t offset, std::uint64_t length);

    /// Gives the file its temporary name now, for a program that opens files by name only, and returns it.
    /// Throws Error{io}.
    const std::string& name_temporarily();

    /// Brings every byte to the disk (unless `sync` is false), gives the file mode 0644 (whatever the umask)
    /// and its name, replacing an older file atomically. Throws Error{io}; the older file is then untouched.
    void commit(bool sync = true);

  private:
    std::string path_;
    std::string folder_;
    std::string temporary_;  ///< the temporary name, where O_TMPFILE could not be had
    FileDescriptor descriptor_;
    bool committed_ = false;
};

}  // namespace rpixen
