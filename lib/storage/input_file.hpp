#pragma once

#include <memory>
#include <optional>
#include <string>

#include "storage/content.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

/// What tells whether a file was changed: device, inode, size, mtime, ctime.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;  ///< bytes
    bool disk = false;       ///< a block device; its times are those of its name in /dev, and stay zero here
    std::int64_t mtime_seconds = 0;
    std::int64_t mtime_nanoseconds = 0;
    std::int64_t ctime_seconds = 0;
    std::int64_t ctime_nanoseconds = 0;

    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// fstat of an open file. Throws Error{io}.
FileIdentity identify(int descriptor, const std::string& name);

/// A regular file or a disk opened for reading, with its identity at that moment.
class InputFile final : public ContentSource, public std::enable_shared_from_this<InputFile> {
  public:
    /// Throws Error{artifact}: missing, not readable, a folder or another thing that is no regular file.
    static std::shared_ptr<const InputFile> open_file(const std::string& path);
    /// The same, and a block device is taken too, as large as it says: a card, in its reader.
    static std::shared_ptr<const InputFile> open_file_or_disk(const std::string& path);
    /// Takes over an open file, for instance an unlinked temporary one or a memfd.
    static std::shared_ptr<const InputFile> adopt(FileDescriptor descriptor, std::string name);

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return name_; }
    int descriptor() const override { return descriptor_.get(); }
    const FileIdentity& identity() const { return identity_; }
    std::uint64_t size() const { return identity_.size; }
    bool is_disk() const { return identity_.disk; }
    /// Throws Error{io} where the file is no longer what it was when opened.
    void check_unchanged() const;
    /// The whole file as a content.
    Content content() const { return {shared_from_this(), 0, size()}; }

    InputFile(FileDescriptor descriptor, std::string name, FileIdentity identity)
        : descriptor_(std::move(descriptor)), name_(std::move(name)), identity_(identity) {}

  private:
    FileDescriptor descriptor_;
    std::string name_;
    FileIdentity identity_;
};

/// What regular file there is of that name now; nothing where there is none.
std::optional<FileIdentity> identity_of_file(const std::string& path) noexcept;

/// All of a file of at most `most` bytes; `what` says what it should be, in the message. Throws Error{artifact}: as
/// InputFile::open_file(), or it is larger, with `change`.
std::string read_text_file(const std::string& path, std::uint64_t most, const std::string& what,
                           const std::string& change = {});

}  // namespace rpixen
