#include "storage/output_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "storage/output_path.hpp"
#include "storage/temporary_name.hpp"

namespace rpixen {
namespace {

FileDescriptor open_folder(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void remove_all(const std::string& path) noexcept {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

/// Folders of this user whose run has ended: the kernel dropped the lock with it.
void remove_leftover_folders(const std::string& target) {
    for (const std::string& tag : tags_beside(target, "tmp")) {
        const std::string path = temporary_name(target, tag, "tmp");
        const FileDescriptor folder = open_folder(path);
        struct stat status {};
        if (!folder || ::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid()) continue;
        if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) remove_all(path);
    }
}

std::string without_end(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

}  // namespace

OutputFolder::OutputFolder(std::string path) : path_(std::move(path)), target_(resolve_output(without_end(path_))) {
    remove_leftover_folders(target_);
    do {
        temporary_ = temporary_name(target_, next_tag(), "tmp");
    } while (::mkdir(temporary_.c_str(), 0777) != 0 && errno == EEXIST);
    held_ = open_folder(temporary_);
    if (!held_) throw_io("make", path_);
    static_cast<void>(::flock(held_.get(), LOCK_EX | LOCK_NB));
}

OutputFolder::~OutputFolder() {
    if (!temporary_.empty()) remove_all(temporary_);
}

void OutputFolder::write(const std::string& name, ByteView content) const {
    const FileDescriptor file(::openat(held_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file) throw_io("write", path_ + "/" + name);
    pwrite_exactly(file.get(), 0, content, path_ + "/" + name);
}

void OutputFolder::commit(bool sync) {
    // What lies in it has to be on the disk before its name is: one call for thousands of small files.
    if (sync && ::syncfs(held_.get()) != 0) throw_io("bring to the disk", path_);
    // An older folder changes its name with the new one in one step, and goes with the temporary name.
    if (::rename(temporary_.c_str(), target_.c_str()) == 0)
        temporary_.clear();
    else if ((errno != ENOTEMPTY && errno != EEXIST) ||
             ::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0)
        throw_io("replace", path_);
    if (!sync) return;
    const FileDescriptor parent = open_folder(folder_of(target_));
    if (parent) ::fsync(parent.get());
}

}  // namespace rpixen
