#include "artifact/folder_layer.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>

#include <rpixen/error.hpp>

#include "artifact/folder_source.hpp"
#include "base/handle.hpp"
#include "base/printable.hpp"

namespace rpixen {
namespace {

using Directory = Handle<DIR, closedir>;
constexpr std::size_t most_problems = 20;

std::string reason() {
    return std::generic_category().message(errno);
}

/// A problem with something in the folder; the place is filled in by whoever collects it.
[[noreturn]] void refuse(const std::string& message, const std::string& found) {
    throw Error(ErrorCode::artifact, message, found);
}

std::string path_inside(const std::string& folder, const std::string& name) {
    if (folder.empty()) return name;
    std::string path = folder;
    return path.append("/").append(name);
}

FileDescriptor open_inside(const FolderSource& source, const std::string& path, int flags) {
    const char* inside = path.empty() ? "." : path.c_str();
    return FileDescriptor(
        ::openat(source.folder_descriptor(), inside, flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

/// The names in an open directory, sorted bytewise.
std::vector<std::string> names_in(int descriptor) {
    const int own = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    const Directory directory(own < 0 ? nullptr : ::fdopendir(own));
    if (!directory) {
        if (own >= 0) ::close(own);
        refuse("a folder cannot be read", reason());
    }
    std::vector<std::string> names;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): an own stream
        if (!entry) {
            if (errno != 0) refuse("a folder cannot be read", reason());
            break;
        }
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool belongs_on_card(std::string_view xattr) {
    return xattr.starts_with("user.")
               ? !xattr.starts_with("user.overlay.") && !xattr.starts_with("user.fuseoverlayfs.")
               : xattr == "security.capability" || xattr == "system.posix_acl_access" ||
                     xattr == "system.posix_acl_default";
}

/// Of a path that is not followed.
XattrSet xattrs_of(const std::string& path) {
    XattrSet set;
    std::vector<char> names(4096);
    ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
    if (length < 0 && errno == ERANGE) {
        names.resize(65536);  // XATTR_LIST_MAX
        length = ::llistxattr(path.c_str(), names.data(), names.size());
    }
    if (length < 0) {
        if (errno == ENOTSUP) return set;
        refuse("the extended attributes cannot be read", reason());
    }
    for (const char* name = names.data(); name < names.data() + length;
         name += std::string_view(name).size() + 1) {
        if (!belongs_on_card(name)) continue;
        std::string value(65536, '\0');  // XATTR_SIZE_MAX
        const ssize_t size = ::lgetxattr(path.c_str(), name, value.data(), value.size());
        if (size < 0) {
            if (errno == ENODATA) continue;
            refuse(std::string("the extended attribute ") + name + " cannot be read", reason());
        }
        value.resize(static_cast<std::size_t>(size));
        set.emplace_back(name, std::move(value));
    }
    return set;
}

/// The data of an open file that has holes.
std::vector<DataRun> runs_of(int descriptor, std::uint64_t size) {
    std::vector<DataRun> runs;
    for (off_t place = 0; static_cast<std::uint64_t>(place) < size;) {
        const off_t data = ::lseek(descriptor, place, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;
        const off_t hole = data < 0 ? -1 : ::lseek(descriptor, data, SEEK_HOLE);
        if (hole < 0) return {{0, size}};  // the file system does not tell
        const auto begin = static_cast<std::uint64_t>(data);
        const std::uint64_t end = std::min(static_cast<std::uint64_t>(hole), size);
        if (end > begin) runs.push_back({begin, end - begin});
        place = hole;
    }
    return runs;
}

/// Lays one folder over a tree.
class FolderLayer {
  public:
    FolderLayer(FileTree& tree, const std::string& path, const Supervision& supervision)
        : tree_(tree), source_(FolderSource::open_folder(path, false)), supervision_(supervision) {}

    void add(bool with_top) {
        struct stat top {};
        if (::fstat(source_->folder_descriptor(), &top) != 0) throw_io("examine", source_->name());
        device_ = top.st_dev;
        uid_ = top.st_uid;
        gid_ = top.st_gid;
        if (with_top) {
            const XattrSet xattrs =
                xattrs_of("/proc/self/fd/" + std::to_string(source_->folder_descriptor()) + "/.");
            tree_.add_directory({FileTree::root(), {}}, metadata_of(top), xattrs);
        }
        pending_.push_back({});
        while (!pending_.empty()) {
            const std::string folder = std::move(pending_.back());
            pending_.pop_back();
            collect(folder, [&] { add_members(folder); });
        }
        if (!problems_.empty()) throw Error(ErrorCode::artifact, std::move(problems_));
    }

  private:
    template <typename Work>
    void collect(const std::string& inside, const Work& work) {
        try {
            work();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::artifact) throw;
            if (problems_.size() == most_problems) return;
            Problem problem = error.problems()[0];
            problem.location.file = source_->name();
            problem.location.pointer = printable(inside);
            problems_.push_back(std::move(problem));
        }
    }

    void add_members(const std::string& folder) {
        const FileDescriptor directory = open_inside(*source_, folder, O_DIRECTORY);
        if (!directory) refuse("a folder cannot be opened", reason());
        const std::string base = "/proc/self/fd/" + std::to_string(directory.get()) + "/";
        const std::uint32_t number = source_->add_folder(folder);
        std::vector<std::string> below;
        for (const std::string& name : names_in(directory.get())) {
            supervision_.check();
            const std::string inside = path_inside(folder, name);
            collect(inside, [&] {
                if (add_member(directory.get(), number, name, inside, base + name)) below.push_back(inside);
            });
        }
        pending_.insert(pending_.end(), below.rbegin(), below.rend());
    }

    /// Whether the member is a folder to go into.
    bool add_member(int directory, std::uint32_t number, const std::string& name, const std::string& inside,
                    const std::string& path) {
        struct stat status {};
        if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            refuse("it cannot be examined", reason());
        const Metadata metadata = metadata_of(status);
        constexpr auto replace = FileTree::Existing::replace;
        const FileTree::Place place = tree_.locate(inside);
        if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
            const auto known = links_.find({status.st_dev, status.st_ino});
            if (known != links_.end()) {
                tree_.add_link(place, known->second, replace);
                return false;
            }
        }
        const XattrSet xattrs = xattrs_of(path);
        NodeId node = no_id;
        switch (status.st_mode & static_cast<mode_t>(S_IFMT)) {
            case S_IFDIR:
                tree_.add_directory(place, metadata, xattrs);
                if (status.st_dev != device_)
                    supervision_.note(source_->path_of(number, name) +
                                      " is another file system and left empty");
                return status.st_dev == device_;
            case S_IFREG:
                node = add_file(place, metadata, directory, number, name, status, xattrs);
                break;
            case S_IFLNK:
                node = tree_.add_symlink(place, metadata, target_of(directory, name), xattrs, replace);
                break;
            case S_IFCHR:
            case S_IFBLK:
                node = tree_.add_device(
                    place, metadata,
                    S_ISCHR(status.st_mode) ? NodeType::character_device : NodeType::block_device,
                    major(status.st_rdev), minor(status.st_rdev), xattrs, replace);
                break;
            case S_IFIFO:
                node = tree_.add_special(place, metadata, NodeType::fifo, xattrs, replace);
                break;
            case S_IFSOCK:
                node = tree_.add_special(place, metadata, NodeType::socket, xattrs, replace);
                break;
            default:
                refuse("it is of an unknown kind", "mode " + std::to_string(status.st_mode));
        }
        if (status.st_nlink > 1) links_[{status.st_dev, status.st_ino}] = node;
        return false;
    }

    NodeId add_file(const FileTree::Place& place, const Metadata& metadata, int directory,
                    std::uint32_t number, const std::string& name, const struct stat& status,
                    const XattrSet& xattrs) {
        constexpr auto replace = FileTree::Existing::replace;
        // Whether it can be read shows now, not after half of the card was written.
        if (::faccessat(directory, name.c_str(), R_OK, AT_EACCESS) != 0)
            refuse("it cannot be read", reason());
        const auto size = static_cast<std::uint64_t>(status.st_size);
        if (static_cast<std::uint64_t>(status.st_blocks) * 512 < size) {
            const FileDescriptor file(
                ::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
            if (!file) refuse("it cannot be opened", reason());
            const std::vector<DataRun> runs = runs_of(file.get(), size);
            if (runs != std::vector<DataRun>{{0, size}}) {
                Content content = runs.empty() ? Content{} : source_->add_file(number, name, status, runs);
                return tree_.add_sparse_file(place, metadata, size, content, runs, xattrs, replace);
            }
        }
        return tree_.add_file(place, metadata,
                              size == 0 ? Content{} : source_->add_file(number, name, status), xattrs,
                              replace);
    }

    static std::string target_of(int directory, const std::string& name) {
        std::string target(4096, '\0');
        const ssize_t length = ::readlinkat(directory, name.c_str(), target.data(), target.size());
        if (length < 0) refuse("a symlink cannot be read", reason());
        target.resize(static_cast<std::size_t>(length));
        return target;
    }

    Metadata metadata_of(const struct stat& status) const {
        return {static_cast<std::uint16_t>(status.st_mode & 07777U),
                status.st_uid == uid_ ? 0 : status.st_uid,
                status.st_gid == gid_ ? 0 : status.st_gid,
                {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)}};
    }

    FileTree& tree_;
    std::shared_ptr<FolderSource> source_;
    const Supervision& supervision_;
    dev_t device_ = 0;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
    std::vector<std::string> pending_;  ///< folders inside still to be read, the next one last
    std::map<std::pair<dev_t, ino_t>, NodeId> links_;
    std::vector<Problem> problems_;
};

void list_into(std::vector<FirmwareFile>& files, std::vector<Problem>& problems, FolderSource& source,
               const std::string& folder, const Supervision& supervision) {
    const auto note_problem = [&](const std::string& inside, const std::string& message,
                                  const std::string& found, const std::string& allowed) {
        Problem problem{message, found, allowed, {}, {}};
        problem.location.file = source.name();
        problem.location.pointer = printable(inside);
        problems.push_back(std::move(problem));
    };
    const FileDescriptor directory = open_inside(source, folder, O_DIRECTORY);
    if (!directory) return note_problem(folder, "a folder cannot be opened", reason(), {});
    const std::uint32_t number = source.add_folder(folder);
    for (const std::string& name : names_in(directory.get())) {
        supervision.check();
        const std::string inside = path_inside(folder, name);
        struct stat link {};
        struct stat status {};
        if (::fstatat(directory.get(), name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0 ||
            ::fstatat(directory.get(), name.c_str(), &status, 0) != 0) {
            note_problem(inside, "it cannot be examined", reason(), "a file or a folder");
        } else if (S_ISDIR(link.st_mode)) {
            list_into(files, problems, source, inside, supervision);
        } else if (!S_ISREG(status.st_mode)) {
            note_problem(inside, "it is neither a file nor a folder", {},
                         "files, folders and symlinks to files");
        } else if (::faccessat(directory.get(), name.c_str(), R_OK, AT_EACCESS) != 0) {
            note_problem(inside, "it cannot be read", reason(), {});
        } else {
            files.push_back({inside, source.add_file(number, name, status)});
        }
    }
}

}  // namespace

void add_folder(FileTree& tree, const std::string& path, bool with_top, const Supervision& supervision) {
    FolderLayer(tree, path, supervision).add(with_top);
}

std::vector<FirmwareFile> list_folder(const std::string& path, const Supervision& supervision) {
    const std::shared_ptr<FolderSource> source = FolderSource::open_folder(path, true);
    std::vector<FirmwareFile> files;
    std::vector<Problem> problems;
    list_into(files, problems, *source, {}, supervision);
    if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
    std::sort(files.begin(), files.end(),
              [](const FirmwareFile& a, const FirmwareFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace rpixen
