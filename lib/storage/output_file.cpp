#include "storage/output_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <rpixen/error.hpp>

#include "storage/early_write_back.hpp"
#include "storage/input_file.hpp"
#include "storage/output_path.hpp"
#include "storage/temporary_name.hpp"

namespace rpixen {
OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), target_(resolve_output(path_)), folder_(folder_of(target_)) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        throw Error(ErrorCode::io, "cannot write " + path_, S_ISDIR(status.st_mode) ? "a folder" : "no regular file",
                    "a new name or a regular file to replace", "name the image file with -o");
    remove_leftovers(target_);
    // An unnamed file gets its name by /proc, which a bare chroot does not have (open(2), O_TMPFILE).
    const bool nameable = ::access("/proc/self/fd", X_OK) == 0;
    if (nameable) descriptor_ = FileDescriptor(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (descriptor_) {
        hold(descriptor_.get());
    } else if (!nameable || errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOSYS) {
        do {
            tag_ = next_tag();
            temporary_ = temporary_name(target_, tag_, "tmp");
            descriptor_ = FileDescriptor(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        } while (descriptor_ ? !hold_named(descriptor_.get()) : errno == EEXIST);
        if (!descriptor_) temporary_.clear();
    }
    if (!descriptor_) throw_io("write", path_);
}

OutputFile::~OutputFile() {
    if (!committed_ && !temporary_.empty()) ::unlink(temporary_.c_str());
}

std::shared_ptr<const InputFile> OutputFile::written(std::string name) const {
    FileDescriptor again(::fcntl(descriptor_.get(), F_DUPFD_CLOEXEC, 0));
    if (!again) throw_io("read", path_);
    return InputFile::adopt(std::move(again), std::move(name));
}

void OutputFile::write_back_early() {
    write_back_ = std::make_unique<EarlyWriteBack>(descriptor_.get());
}

void OutputFile::resize(std::uint64_t length) {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(length)) != 0) throw_io("set the length of", path_);
}

void OutputFile::write(std::uint64_t offset, ByteView bytes) {
    pwrite_exactly(descriptor_.get(), offset, bytes, path_);
    if (write_back_) write_back_->note(bytes.size());
}

bool OutputFile::reserve(std::uint64_t offset, std::uint64_t length) {
    return ::fallocate(descriptor_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0;
}

void OutputFile::punch(std::uint64_t offset, std::uint64_t length) {
    if (::fallocate(descriptor_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(length)) == 0)
        return;
    if (errno != EOPNOTSUPP) throw_io("clear a part of", path_);
    const Bytes zeros(length < 65536 ? length : 65536);
    for (std::uint64_t done = 0; done < length; done += zeros.size())
        write(offset + done, ByteView(zeros).first(std::min<std::uint64_t>(zeros.size(), length - done)));
}

const std::string& OutputFile::name_temporarily() {
    if (!temporary_.empty()) return temporary_;
    const std::string self = "/proc/self/fd/" + std::to_string(descriptor_.get());
    // Held before the name is there, so that a lack of memory behind it leaves none; cleared before anything can throw
    // where the name is another's.
    do {
        tag_ = next_tag();
        temporary_ = temporary_name(target_, tag_, "tmp");
        if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) == 0) return temporary_;
        temporary_.clear();
    } while (errno == EEXIST);
    throw_io("name", path_);
}

void OutputFile::replace() {
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw_io("replace", path_);
    committed_ = true;
}

void OutputFile::bring_folder_to_disk() {
    const FileDescriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
}

void OutputFile::keep_older(const std::string& tag) {
    older_ = temporary_name(target_, tag, "old");
    if (::link(target_.c_str(), older_.c_str()) == 0) return;
    // A file system without second names; or somebody else's file (fs.protected_hardlinks).
    moved_ = errno != ENOENT && ::rename(target_.c_str(), older_.c_str()) == 0;
    if (moved_) return;
    older_.clear();
    if (errno != ENOENT) throw_io("replace", path_);
    newer_ = temporary_name(target_, tag, "new");
    if (::link(temporary_.c_str(), newer_.c_str()) != 0) newer_.clear();  // take_back() does without
}

bool OutputFile::take_back() noexcept {
    if (older_.empty()) {
        const bool gone = !committed_ || ::unlink(target_.c_str()) == 0;
        if (gone) ::unlink(newer_.c_str());
        return gone;
    }
    const bool in_place = !moved_ && !committed_;
    if (!in_place && ::rename(older_.c_str(), target_.c_str()) != 0) return false;
    ::unlink(older_.c_str());
    return true;
}

void OutputFile::bring_to_disk() {
    while (::fsync(descriptor_.get()) != 0)
        if (errno != EINTR) throw_io("bring to the disk", path_);
}

void OutputFile::prepare(bool sync) {
    if (prepared_) return;
    if (sync) bring_to_disk();
    name_temporarily();
    prepared_ = true;
}

void OutputFile::commit(bool sync) {
    prepare(sync);
    replace();
    if (sync) bring_folder_to_disk();
}

void OutputFile::commit_with(OutputFile& companion, bool sync) {
    prepare(sync);
    companion.prepare(sync);
    companion.keep_older(tag_);
    try {
        companion.replace();
        replace();
    } catch (...) {
        // Else what has temporary names stays for mend().
        if (!companion.take_back()) temporary_.clear();
        throw;
    }
    ::unlink((companion.older_.empty() ? companion.newer_ : companion.older_).c_str());
    if (!sync) return;
    bring_folder_to_disk();
    companion.bring_folder_to_disk();
}

void OutputFile::mend(const std::string& path, const std::string& companion) {
    mend_pair(resolve_output(path), resolve_output(companion));
}

}  // namespace rpixen
