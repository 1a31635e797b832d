#include "storage/output_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include <rpixen/error.hpp>

#include "storage/output_path.hpp"

namespace rpixen {
namespace {

/// Distinguishes the outputs of one process; the process id distinguishes processes. Processes of two
/// containers may share an id, and a killed one leaves its file: whoever finds a name taken takes the next.
std::string temporary_name(const std::string& path) {
    static std::atomic<unsigned> counter{0};
    const std::size_t slash = path.rfind('/');
    const std::size_t start = slash == std::string::npos ? 0 : slash + 1;
    return path.substr(0, start) + "." + path.substr(start).substr(0, 200) + "." + std::to_string(::getpid()) + "-" +
           std::to_string(counter++) + ".tmp";
}

}  // namespace

OutputFile::OutputFile(std::string path)
    : path_(std::move(path)), target_(resolve_output(path_)), folder_(folder_of(target_)) {
    struct stat status {};
    if (::stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        throw Error(ErrorCode::io, "cannot write " + path_, S_ISDIR(status.st_mode) ? "a folder" : "no regular file",
                    "a new name or a regular file to replace", "name the image file with -o");
    descriptor_ = FileDescriptor(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (!descriptor_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOSYS)) {
        do {
            temporary_ = temporary_name(target_);
            descriptor_ = FileDescriptor(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        } while (!descriptor_ && errno == EEXIST);
        if (!descriptor_) temporary_.clear();
    }
    if (!descriptor_) throw_io("write", path_);
}

OutputFile::~OutputFile() {
    if ((!committed_ || exchanged_) && !temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::resize(std::uint64_t length) {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(length)) != 0) throw_io("set the length of", path_);
}

void OutputFile::write(std::uint64_t offset, ByteView bytes) {
    pwrite_exactly(descriptor_.get(), offset, bytes, path_);
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
    std::string name;
    do {
        name = temporary_name(target_);
        if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return temporary_ = name;
    } while (errno == EEXIST);
    throw_io("name", path_);
}

void OutputFile::bring_to_disk() {
    if (::fsync(descriptor_.get()) != 0) throw_io("bring to the disk", path_);
}

void OutputFile::replace() {
    if (::rename(name_temporarily().c_str(), target_.c_str()) != 0) throw_io("replace", path_);
    committed_ = true;
}

void OutputFile::bring_folder_to_disk() {
    const FileDescriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
}

void OutputFile::exchange() {
    exchanged_ = ::renameat2(AT_FDCWD, name_temporarily().c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0;
    if (exchanged_) {
        committed_ = true;
        return;
    }
    if (errno == EINVAL || errno == ENOSYS) return exchange_in_steps();
    new_ = errno == ENOENT;
    replace();
}

void OutputFile::exchange_in_steps() {
    const std::string older = temporary_name(target_);
    if (::rename(target_.c_str(), older.c_str()) == 0) {
        exchanged_ = true;
    } else if (errno == ENOENT) {
        new_ = true;
    } else {
        throw_io("replace", path_);
    }
    try {
        replace();
    } catch (...) {
        if (exchanged_) static_cast<void>(::rename(older.c_str(), target_.c_str()));
        exchanged_ = false;
        throw;
    }
    if (exchanged_) temporary_ = older;
}

void OutputFile::take_back() noexcept {
    if (exchanged_)
        static_cast<void>(::rename(temporary_.c_str(), target_.c_str()));
    else if (new_)
        ::unlink(target_.c_str());
    exchanged_ = false;
}

void OutputFile::commit(bool sync) {
    if (sync) bring_to_disk();
    replace();
    if (sync) bring_folder_to_disk();
}

void OutputFile::commit_with(OutputFile& companion, bool sync) {
    if (sync) bring_to_disk();
    if (sync) companion.bring_to_disk();
    name_temporarily();
    companion.exchange();
    try {
        replace();
    } catch (...) {
        companion.take_back();
        throw;
    }
    if (!sync) return;
    bring_folder_to_disk();
    companion.bring_folder_to_disk();
}

}  // namespace rpixen
