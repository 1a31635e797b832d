#include "artifact/folder_layer.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <system_error>
#include <tuple>

#include <rpixen/error.hpp>

#include "artifact/apple_double.hpp"
#include "artifact/folder_source.hpp"
#include "artifact/host_xattrs.hpp"
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

[[noreturn]] void refuse_access(const std::string& message) {
    throw Error(ErrorCode::artifact, message, reason(), "what this user can read",
                "give the tar that the folder was unpacked from, make it readable (chmod u+rX), or run with the "
                "rights of its owner (fakeroot, podman unshare, sudo)");
}

std::string path_inside(const std::string& folder, const std::string& name) {
    if (folder.empty()) return name;
    std::string path = folder;
    return path.append("/").append(name);
}

FileDescriptor open_inside(const FolderSource& source, const std::string& path, int flags) {
    const char* inside = path.empty() ? "." : path.c_str();
    return FileDescriptor(::openat(source.folder_descriptor(), inside, flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
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
    FolderLayer(Layers& layers, const std::string& path, const Supervision& supervision)
        : layers_(layers),
          tree_(layers.tree()),
          source_(FolderSource::open_folder(path, false)),
          supervision_(supervision),
          first_node_(tree_.node_count()) {}

    void add() {
        struct stat top {};
        if (::fstat(source_->folder_descriptor(), &top) != 0) throw_io("examine", source_->name());
        device_ = top.st_dev;
        uid_ = top.st_uid;
        gid_ = top.st_gid;
        if (layers_.lowest()) {
            const XattrSet xattrs = xattrs_of("/proc/self/fd/" + std::to_string(source_->folder_descriptor()) + "/.",
                                              false);
            Metadata metadata = layers_.kept(metadata_of(top));
            // A card's root belongs to nobody else, whoever made the folder.
            if (uid_ != 0) metadata.uid = metadata.gid = 0;
            tree_.add_directory({FileTree::root(), {}}, metadata, xattrs);
        }
        pending_.push_back({});
        while (!pending_.empty()) {
            const std::string folder = std::move(pending_.back());
            pending_.pop_back();
            collect(folder, [&] { add_members(folder); });
        }
        if (!problems_.empty()) throw Error(ErrorCode::artifact, std::move(problems_));
        if (uid_ != 0) map_owner();
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
        if (!directory) refuse_access("a folder cannot be opened");
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
        const Metadata metadata = layers_.kept(metadata_of(status));
        holds_root_ = holds_root_ || status.st_uid == 0;
        constexpr auto replace = FileTree::Existing::supersede;
        if (layers_.apply_whiteout(inside)) return false;
        if (is_apple_double_file(directory, name, status)) {
            ++layers_.findings().apple_files;
            return false;
        }
        const FileTree::Place place = tree_.locate(inside);
        if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
            const auto known = links_.find({status.st_dev, status.st_ino});
            if (known != links_.end()) {
                tree_.add_link(place, known->second, replace);
                return false;
            }
        }
        XattrSet xattrs = xattrs_of(path, !layers_.lowest());
        if (S_ISCHR(status.st_mode) &&
            layers_.apply_overlay_whiteout(place, major(status.st_rdev), minor(status.st_rdev)))
            return false;
        if (S_ISREG(status.st_mode) &&
            layers_.apply_overlay_marks(place, static_cast<std::uint64_t>(status.st_size), xattrs))
            return false;
        NodeId node = no_id;
        switch (status.st_mode & static_cast<mode_t>(S_IFMT)) {
            case S_IFDIR:
                add_directory(place, metadata, std::move(xattrs));
                if (status.st_dev != device_)
                    layers_.note(printable(inside) + " is another file system and left empty");
                return status.st_dev == device_;
            case S_IFREG:
                node = add_file(place, metadata, directory, number, name, status, xattrs);
                break;
            case S_IFLNK:
                node = tree_.add_symlink(place, metadata, target_of(directory, name), xattrs, replace);
                break;
            case S_IFCHR:
            case S_IFBLK:
                node = tree_.add_device(place, metadata,
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

    /// A folder that is there keeps what it has (as rsync --no-perms does): what a working folder's modes and
    /// owners are says nothing of the card. One that hides what was there is a new one.
    void add_directory(const FileTree::Place& place, const Metadata& metadata, XattrSet xattrs) {
        const auto present = tree_.child(place.directory, place.name);
        if (!present || tree_.type(*present) != NodeType::directory) {
            layers_.add_directory(place, metadata, std::move(xattrs));
            return;
        }
        const Metadata kept = tree_.metadata(*present);
        const XattrSet kept_xattrs = tree_.xattrs(*present);
        const std::uint64_t whiteouts = layers_.findings().whiteouts;
        layers_.add_directory(place, metadata, std::move(xattrs));
        if (layers_.findings().whiteouts != whiteouts) return;
        tree_.set_metadata(*present, kept);
        tree_.set_xattrs(*present, kept_xattrs);
        const bool differs = std::tie(kept.mode, kept.uid, kept.gid) !=
                             std::tie(metadata.mode, metadata.uid, metadata.gid);
        layers_.findings().kept_folders += differs;
    }

    /// A tree that was unpacked without root rights belongs to one user, who stands for root. Where something
    /// in it belongs to root, its numbers are true.
    void map_owner() {
        const std::string owner = std::to_string(uid_) + ":" + std::to_string(gid_);
        std::uint64_t owned = 0;
        for (NodeId node = first_node_; node < tree_.node_count(); ++node) {
            if (tree_.links(node) == 0) continue;
            Metadata metadata = tree_.metadata(node);
            const bool own = metadata.uid == uid_;
            owned += own;
            if (holds_root_) continue;
            if (own) metadata.uid = 0;
            if (metadata.gid == gid_) metadata.gid = 0;
            tree_.set_metadata(node, metadata);
            map_capability(node);
        }
        if (!holds_root_ && owned != 0)
            layers_.note(std::to_string(owned) + " files and folders of its owner " + owner +
                         " belong to 0:0 on the card");
        if (holds_root_ && owned != 0)
            layers_.note("it holds files of uid 0, so its numbers are taken as they are: " + std::to_string(owned) +
                         " files and folders belong to " + std::to_string(uid_) +
                         "; only the top folder itself is given to 0:0");
    }

    void map_capability(NodeId node) {
        if (tree_.xattrs(node).empty()) return;
        XattrSet xattrs = tree_.xattrs(node);
        for (auto& [name, value] : xattrs) {
            if (name != "security.capability") continue;
            if (auto mapped = capability_without_namespace(value, uid_)) {
                value = std::move(*mapped);
                tree_.set_xattrs(node, xattrs);
                return;
            }
        }
    }

    static bool is_apple_double_file(int directory, const std::string& name, const struct stat& status) {
        if (!S_ISREG(status.st_mode) || !name.starts_with("._")) return false;
        const FileDescriptor file(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        std::array<std::byte, 4> magic{};
        const ssize_t count = file ? ::pread(file.get(), magic.data(), magic.size(), 0) : -1;
        return count == static_cast<ssize_t>(magic.size()) &&
               is_apple_double(name, static_cast<std::uint64_t>(status.st_size), magic);
    }

    NodeId add_file(const FileTree::Place& place, const Metadata& metadata, int directory, std::uint32_t number,
                    const std::string& name, const struct stat& status, const XattrSet& xattrs) {
        constexpr auto replace = FileTree::Existing::supersede;
        // Whether it can be read shows now, not after half of the card was written.
        if (::faccessat(directory, name.c_str(), R_OK, AT_EACCESS) != 0) refuse_access("it cannot be read");
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
        return tree_.add_file(place, metadata, size == 0 ? Content{} : source_->add_file(number, name, status), xattrs,
                              replace);
    }

    static std::string target_of(int directory, const std::string& name) {
        std::string target(4096, '\0');
        const ssize_t length = ::readlinkat(directory, name.c_str(), target.data(), target.size());
        if (length < 0) refuse("a symlink cannot be read", reason());
        target.resize(static_cast<std::size_t>(length));
        return target;
    }

    static Metadata metadata_of(const struct stat& status) {
        return {static_cast<std::uint16_t>(status.st_mode & 07777U),
                status.st_uid,
                status.st_gid,
                {status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)}};
    }

    Layers& layers_;
    FileTree& tree_;
    std::shared_ptr<FolderSource> source_;
    const Supervision& supervision_;
    NodeId first_node_;  ///< nodes from here on are the layer's own
    bool holds_root_ = false;
    dev_t device_ = 0;
    uid_t uid_ = 0;
    gid_t gid_ = 0;
    std::vector<std::string> pending_;  ///< folders inside still to be read, the next one last
    std::map<std::pair<dev_t, ino_t>, NodeId> links_;
    std::vector<Problem> problems_;
};

void list_into(std::vector<FirmwareFile>& files, std::vector<Problem>& problems, FolderSource& source,
               const std::string& folder, const Supervision& supervision) {
    const auto note_problem = [&](const std::string& inside, const std::string& message, const std::string& found,
                                  const std::string& allowed) {
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
        if (name == ".git") continue;  // of a clone: its history is larger than the card
        const std::string inside = path_inside(folder, name);
        struct stat link {};
        struct stat status {};
        if (::fstatat(directory.get(), name.c_str(), &link, AT_SYMLINK_NOFOLLOW) != 0 ||
            ::fstatat(directory.get(), name.c_str(), &status, 0) != 0) {
            note_problem(inside, "it cannot be examined", reason(), "a file or a folder");
        } else if (S_ISDIR(link.st_mode)) {
            list_into(files, problems, source, inside, supervision);
        } else if (!S_ISREG(status.st_mode)) {
            note_problem(inside, "it is neither a file nor a folder", {}, "files, folders and symlinks to files");
        } else if (::faccessat(directory.get(), name.c_str(), R_OK, AT_EACCESS) != 0) {
            note_problem(inside, "it cannot be read", reason(), {});
        } else {
            files.push_back({inside, source.add_file(number, name, status)});
        }
    }
}

}  // namespace

void add_folder(Layers& layers, const std::string& path, const Supervision& supervision) {
    FolderLayer(layers, path, supervision).add();
}

std::vector<FirmwareFile> list_folder(const std::string& path, const Supervision& supervision) {
    const std::shared_ptr<FolderSource> source = FolderSource::open_folder(path, true);
    std::vector<FirmwareFile> files;
    std::vector<Problem> problems;
    list_into(files, problems, *source, {}, supervision);
    if (!problems.empty()) throw Error(ErrorCode::artifact, std::move(problems));
    std::sort(files.begin(), files.end(), [](const FirmwareFile& a, const FirmwareFile& b) { return a.path < b.path; });
    return files;
}

}  // namespace rpixen
