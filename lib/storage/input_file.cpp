#include "storage/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <rpixen/error.hpp>

#include "base/size.hpp"

namespace rpixen {
namespace {

class OpenRange final : public OpenContent {
  public:
    OpenRange(std::shared_ptr<const InputFile> file, std::uint64_t base) : file_(std::move(file)), base_(base) {}
    void read(std::uint64_t offset, MutableBytes out) override {
        pread_exactly(file_->descriptor(), base_ + offset, out, file_->name());
    }
    int descriptor() const override { return file_->descriptor(); }
    std::uint64_t base() const override { return base_; }
    void check_unchanged() override { file_->check_unchanged(); }

  private:
    std::shared_ptr<const InputFile> file_;
    std::uint64_t base_;
};

std::string kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a named pipe";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISCHR(mode)) return "a character device";
    if (S_ISBLK(mode)) return "a block device";
    return "a special file";
}

std::shared_ptr<const InputFile> open_what(const std::string& path, bool disks_too) {
    // O_NONBLOCK keeps a named pipe from hanging the run; it means nothing for a regular file.
    FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!descriptor)
        throw Error(ErrorCode::artifact,
                    Problem{"cannot open " + path,
                            std::generic_category().message(errno),
                            "a readable regular file",
                            "check the path; in a manifest it is relative to the manifest's folder",
                            {},
                            {},
                            errno});
    struct stat status {};
    if (::fstat(descriptor.get(), &status) != 0) throw_io("examine", path);
    if (!S_ISREG(status.st_mode) && !(disks_too && S_ISBLK(status.st_mode)))
        throw Error(ErrorCode::artifact, path + " is no regular file", kind_of(status.st_mode), "a regular file",
                    "name the file itself");
    const FileIdentity identity = identify(descriptor.get(), path);
    return std::make_shared<InputFile>(std::move(descriptor), path, identity);
}

FileIdentity identity_from(const struct stat& status) noexcept {
    FileIdentity identity;
    identity.device = static_cast<std::uint64_t>(status.st_dev);
    identity.inode = static_cast<std::uint64_t>(status.st_ino);
    identity.size = static_cast<std::uint64_t>(status.st_size);
    identity.mtime_seconds = status.st_mtim.tv_sec;
    identity.mtime_nanoseconds = status.st_mtim.tv_nsec;
    identity.ctime_seconds = status.st_ctim.tv_sec;
    identity.ctime_nanoseconds = status.st_ctim.tv_nsec;
    return identity;
}

/// What lseek(2) says is the end of a block device is its size.
FileIdentity identify_disk(int descriptor, const std::string& name, const struct stat& status) {
    FileIdentity identity;
    identity.device = static_cast<std::uint64_t>(status.st_dev);
    identity.inode = static_cast<std::uint64_t>(status.st_ino);
    const off_t end = ::lseek(descriptor, 0, SEEK_END);
    if (end < 0) throw_io("ask for the size of", name);
    identity.size = static_cast<std::uint64_t>(end);
    identity.disk = true;
    return identity;
}

}  // namespace

FileIdentity identify(int descriptor, const std::string& name) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) throw_io("examine", name);
    return S_ISBLK(status.st_mode) ? identify_disk(descriptor, name, status) : identity_from(status);
}

std::shared_ptr<const InputFile> InputFile::open_file(const std::string& path) {
    return open_what(path, false);
}

std::shared_ptr<const InputFile> InputFile::open_file_or_disk(const std::string& path) {
    return open_what(path, true);
}

std::shared_ptr<const InputFile> InputFile::adopt(FileDescriptor descriptor, std::string name) {
    const FileIdentity identity = identify(descriptor.get(), name);
    return std::make_shared<InputFile>(std::move(descriptor), std::move(name), identity);
}

std::unique_ptr<OpenContent> InputFile::open(std::uint64_t position) const {
    return std::make_unique<OpenRange>(shared_from_this(), position);
}

void InputFile::check_unchanged() const {
    if (identify(descriptor_.get(), name_) != identity_)
        throw Error(ErrorCode::io, name_ + " was changed while it was read", {}, {},
                    "run again when nothing writes to it");
}

std::optional<FileIdentity> identity_of_file(const std::string& path) noexcept {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return identity_from(status);
}

std::string read_text_file(const std::string& path, std::uint64_t most, const std::string& what,
                           const std::string& change) {
    const auto file = InputFile::open_file(path);
    if (file->size() > most)
        throw Error(ErrorCode::artifact, path + " is too large for " + what, format_size(file->size()),
                    "at most " + format_size(most), change);
    return std::string(as_text(read_all(file->content())));
}

}  // namespace rpixen
