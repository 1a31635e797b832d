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
/// until then. A symlink is followed: the file that it stands for is written.
class OutputFile {
  public:
    /// Opens the unnamed file in the target's folder. Its mode is 0666 less the umask. Throws Error{io}: no
    /// such folder, no permission, or the target is something else than a regular file (output_path.hpp).
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

    /// Brings every byte to the disk (unless `sync` is false) and gives the file its name, replacing an older
    /// file atomically. Throws Error{io}; the older file is then untouched.
    void commit(bool sync = true);
    /// The same for this file and one that belongs to it: where one of them cannot have its name, the older
    /// files of both stay.
    void commit_with(OutputFile& companion, bool sync = true);

  private:
    /// Gives the file its name and keeps the older one under the temporary name, where there is one.
    void exchange();
    /// The same in two steps, on a file system that cannot exchange two names.
    void exchange_in_steps();
    void take_back() noexcept;
    void bring_to_disk();
    void replace();
    void bring_folder_to_disk();

    std::string path_;    ///< as it was given
    std::string target_;  ///< what is written: without links
    std::string folder_;
    std::string temporary_;  ///< the temporary name, where O_TMPFILE could not be had
    FileDescriptor descriptor_;
    bool committed_ = false;
    bool exchanged_ = false;  ///< the temporary name is the older file's
    bool new_ = false;        ///< there was no older file
};

}  // namespace rpixen
