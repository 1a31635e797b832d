#pragma once

#include <string>

#include "base/bytes.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

/// A folder that appears under its name whole or not at all. Until commit() it has a temporary name beside the target
/// (temporary_name.hpp), which the destructor removes with all that is in it, or a later run of the same target where
/// the process was killed. An older folder of that name stays whole until then.
class OutputFolder {
  public:
    /// Makes the temporary folder. Throws Error{io}: its parent is not there or not writable.
    explicit OutputFolder(std::string path);
    ~OutputFolder();
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

    /// Where its files are to be made.
    const std::string& temporary() const noexcept { return temporary_; }
    /// As it was given.
    const std::string& path() const noexcept { return path_; }

    /// Makes a file of a few bytes in it. It needs no care of its own, as nobody sees it before all are there: to look
    /// for what an earlier run left, as OutputFile does, would take the square of the number of files. Throws
    /// Error{io}.
    void write(const std::string& name, ByteView content) const;
    /// Brings it to the disk, with all that is in it (unless `sync` is false), and gives it its name; an older folder
    /// of that name is removed, with all that is in it. Throws Error{io}; the older one is then untouched.
    void commit(bool sync = true);

  private:
    std::string path_;
    std::string target_;  ///< without links
    std::string temporary_;
    FileDescriptor held_;  ///< locked (flock(2)) for as long as this run lives
};

}  // namespace rpixen
