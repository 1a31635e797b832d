#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

class EarlyWriteBack;
class InputFile;

/// A file that appears under its name whole or not at all.
///
/// Until commit() it has no name that survives the process where the file system offers O_TMPFILE, otherwise
/// a temporary name beside the target (temporary_name.hpp) that the destructor removes, or a later output of
/// the same target where the process was killed. An older file of that name stays whole until then. A symlink
/// is followed: the file that it stands for is written.
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

    /// What was written so far, to be read beside the writing; `name` is for messages. Throws Error{io}.
    std::shared_ptr<const InputFile> written(std::string name) const;
    /// To be called before the writing, by who will bring the file to the disk: the system begins with that at once.
    void write_back_early();
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

    /// Does of commit() whatever may still fail for want of space: brings every byte to the disk (unless `sync`
    /// is false) and gives the file its temporary name. Throws Error{io}.
    void prepare(bool sync = true);
    /// Prepares where that was not done, and gives the file its name, replacing an older file atomically.
    /// Throws Error{io}; the older file is then untouched.
    void commit(bool sync = true);
    /// The same for this file and one that belongs to it: where one of them cannot have its name, the older
    /// files of both stay. A process that is killed between the two, or cannot go back, leaves what mend() needs.
    void commit_with(OutputFile& companion, bool sync = true);
    /// What a run left undone that was killed in commit_with() with these two. To be called before either is
    /// opened.
    static void mend(const std::string& path, const std::string& companion);

  private:
    /// Keeps the older file under a second name, or the new one where there is no older.
    void keep_older(const std::string& tag);
    /// Undoes keep_older() and replace(); false where the system does not let it.
    bool take_back() noexcept;
    void replace();
    void bring_to_disk();
    void bring_folder_to_disk();

    std::string path_;    ///< as it was given
    std::string target_;  ///< what is written: without links
    std::string folder_;
    std::string tag_;        ///< of its names while it is not the target
    std::string temporary_;  ///< its temporary name, where it has one
    std::string older_;      ///< what keep_older() made, and
    std::string newer_;      ///< one of these two is empty
    bool moved_ = false;     ///< keep_older() took the older file's name away
    FileDescriptor descriptor_;
    std::unique_ptr<EarlyWriteBack> write_back_;  ///< ends before the descriptor
    bool prepared_ = false;
    bool committed_ = false;
};

}  // namespace rpixen
