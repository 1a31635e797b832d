#include "artifact/folder_source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <rpixen/error.hpp>

#include "base/size.hpp"

namespace rpixen {
namespace {

std::int64_t mtime_of(const struct stat& status) {
    // Wraps beyond the year 2262; compared for equality only.
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000U +
                                     static_cast<std::uint64_t>(status.st_mtim.tv_nsec));
}

}  // namespace

class FolderSource::Open final : public OpenContent {
  public:
    Open(std::shared_ptr<const FolderSource> source, std::uint64_t number)
        : source_(std::move(source)), member_(source_->members_.at(number)) {
        const auto runs = source_->runs_.find(number);
        if (runs != source_->runs_.end()) runs_ = &runs->second;
        const std::string& folder = source_->folders_[member_.folder];
        const char* name = source_->names_.data() + member_.name;
        const std::string inside = folder.empty() ? name : folder + "/" + name;
        path_ = source_->path_of(member_.folder, name);
        const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (source_->follow_ ? 0 : O_NOFOLLOW);
        descriptor_ = FileDescriptor(::openat(source_->descriptor_.get(), inside.c_str(), flags));
        if (!descriptor_) {
            if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR) changed();
            throw_io("open", path_);
        }
        check_unchanged();
    }

    void read(std::uint64_t offset, MutableBytes out) override {
        if (!runs_) return pread_exactly(descriptor_.get(), offset, out, path_);
        std::uint64_t begin = 0;  // of the run, among the packed bytes
        for (const DataRun& run : *runs_) {
            if (out.empty()) return;
            if (offset < begin + run.length) {
                const std::uint64_t inside = offset - begin;
                const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), run.length - inside));
                pread_exactly(descriptor_.get(), run.logical + inside, out.first(count), path_);
                out = out.subspan(count);
                offset += count;
            }
            begin += run.length;
        }
        if (!out.empty()) throw Error(ErrorCode::internal, "a read beyond the end of " + path_);
    }

    int descriptor() const override { return runs_ ? -1 : descriptor_.get(); }

    void check_unchanged() override {
        struct stat status {};
        if (::fstat(descriptor_.get(), &status) != 0) throw_io("examine", path_);
        if (!S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_ino) != member_.inode ||
            static_cast<std::uint64_t>(status.st_size) != member_.size || mtime_of(status) != member_.mtime)
            changed();
    }

  private:
    [[noreturn]] void changed() const {
        throw Error(ErrorCode::io, path_ + " was changed while it was read", {}, {},
                    "run again when nothing writes to it");
    }

    std::shared_ptr<const FolderSource> source_;
    const Member& member_;
    const std::vector<DataRun>* runs_ = nullptr;
    std::string path_;
    FileDescriptor descriptor_;
};

std::shared_ptr<FolderSource> FolderSource::open_folder(const std::string& path, bool follow) {
    FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor) {
        const int reason = errno;
        throw Error(ErrorCode::artifact, "cannot open the folder " + path, std::generic_category().message(reason),
                    "a readable folder", "check the path; in a manifest it is relative to the manifest's folder");
    }
    return std::make_shared<FolderSource>(path, std::move(descriptor), follow);
}

std::uint32_t FolderSource::add_folder(std::string path) {
    folders_.push_back(std::move(path));
    return narrow<std::uint32_t>(folders_.size() - 1);
}

Content FolderSource::add_file(std::uint32_t folder, std::string_view name, const struct stat& status,
                               std::vector<DataRun> runs) {
    const std::uint64_t number = members_.size();
    Member member;
    member.inode = static_cast<std::uint64_t>(status.st_ino);
    member.size = static_cast<std::uint64_t>(status.st_size);
    member.mtime = mtime_of(status);
    member.folder = folder;
    member.name = narrow<std::uint32_t>(names_.size());
    members_.push_back(member);
    names_.append(name).push_back('\0');
    std::uint64_t size = member.size;
    if (!runs.empty()) {
        size = 0;
        for (const DataRun& run : runs) size += run.length;
        runs_.emplace(number, std::move(runs));
    }
    return {shared_from_this(), number, size};
}

std::string FolderSource::path_of(std::uint32_t folder, std::string_view name) const {
    std::string path = path_;
    if (!folders_[folder].empty()) path.append("/").append(folders_[folder]);
    if (!name.empty()) path.append("/").append(name);
    return path;
}

std::unique_ptr<OpenContent> FolderSource::open(std::uint64_t position) const {
    return std::make_unique<Open>(shared_from_this(), position);
}

}  // namespace rpixen
