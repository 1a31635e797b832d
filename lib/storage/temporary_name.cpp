#include "storage/temporary_name.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/digest.hpp"
#include "base/handle.hpp"
#include "storage/output_path.hpp"

namespace rpixen {
namespace {

/// A byte that no file has, so that the lock is in nobody's way: QEMU locks some of an image's first bytes, and
/// on NFS a whole file's lock is one of all its bytes.
constexpr off_t lock_place = off_t{1} << 62;
constexpr std::size_t longest_name = 200;  // NAME_MAX is 255, and dots, tag and kind come on top

/// ".NAME." without a folder; a very long name keeps its beginning and becomes unique by a digest.
std::string prefix_of(const std::string& target) {
    std::string name = target.substr(target.rfind('/') + 1);
    if (name.size() > longest_name)
        name = name.substr(0, longest_name / 2) + "." + hex(ByteView(sha256(as_bytes(name))).first(16));
    return "." + name + ".";
}

std::string folder_prefix(const std::string& target) {
    return target.substr(0, target.rfind('/') + 1);
}

bool is_tag(std::string_view text) {
    const std::size_t dash = text.find('-');
    return dash != 0 && dash != std::string_view::npos && dash + 1 < text.size() &&
           text.find_first_not_of("0123456789") == dash && text.find_first_not_of("0123456789", dash + 1) == text.npos;
}

bool same(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

enum class Lock { taken, others, impossible };

/// The kernel drops it with the last descriptor of this opening.
Lock lock(int descriptor) {
    struct flock place {};
    place.l_type = F_WRLCK;
    place.l_whence = SEEK_SET;
    place.l_start = lock_place;
    place.l_len = 1;
    if (::fcntl(descriptor, F_OFD_SETLK, &place) == 0) return Lock::taken;
    return errno == EAGAIN || errno == EACCES ? Lock::others : Lock::impossible;
}

/// Holds the file of a run that has ended; nothing where it lives, or where that cannot be told.
FileDescriptor claim(const std::string& path) {
    // For writing, as only such can be locked for one alone.
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat opened {};
    struct stat named {};
    if (!file || ::fstat(file.get(), &opened) != 0 || !S_ISREG(opened.st_mode)) return {};
    // In a folder like /tmp anybody can make files of any name.
    if (opened.st_uid != ::geteuid()) return {};
    if (lock(file.get()) != Lock::taken) return {};
    // Its maker may have given it its lasting name meanwhile.
    if (::lstat(path.c_str(), &named) != 0 || !same(opened, named)) return {};
    return file;
}

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

bool same_inode(const std::string& one, const std::string& other) {
    struct stat a {};
    struct stat b {};
    return ::lstat(one.c_str(), &a) == 0 && ::lstat(other.c_str(), &b) == 0 && same(a, b);
}

/// Removes what was kept of the companion, with `undo` before where a killed run did not come to replace the
/// main file: that one then still has its temporary name.
template <typename Undo>
void mend(const std::string& main, const std::string& companion, const std::string& kind, const Undo& undo) {
    for (const std::string& tag : tags_beside(companion, kind)) {
        const std::string kept = temporary_name(companion, tag, kind);
        const std::string unfinished = temporary_name(main, tag, "tmp");
        const FileDescriptor claimed = claim(unfinished);
        if (claimed ? undo(kept) : !exists(unfinished)) ::unlink(kept.c_str());
    }
}

}  // namespace

std::vector<std::string> tags_beside(const std::string& target, const std::string& kind) {
    std::vector<std::string> tags;
    const Handle<DIR, ::closedir> folder(::opendir(folder_of(target).c_str()));
    if (!folder) return tags;
    const std::string prefix = prefix_of(target);
    const std::string suffix = "." + kind;
    while (const dirent* entry = ::readdir(folder.get())) {
        const std::string_view name = entry->d_name;
        if (name.size() <= prefix.size() + suffix.size() || !name.starts_with(prefix) || !name.ends_with(suffix))
            continue;
        const std::string_view tag = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
        if (is_tag(tag)) tags.emplace_back(tag);
    }
    return tags;
}

std::string next_tag() {
    static std::atomic<unsigned> counter{0};
    return std::to_string(::getpid()) + "-" + std::to_string(counter++);
}

std::string temporary_name(const std::string& target, const std::string& tag, const std::string& kind) {
    return folder_prefix(target) + prefix_of(target) + tag + "." + kind;
}

void hold(int descriptor) {
    static_cast<void>(lock(descriptor));
}

bool hold_named(int descriptor) {
    if (lock(descriptor) == Lock::others) return false;
    struct stat status {};
    return ::fstat(descriptor, &status) != 0 || status.st_nlink != 0;
}

void remove_leftovers(const std::string& target) {
    for (const std::string& tag : tags_beside(target, "tmp")) {
        const std::string path = temporary_name(target, tag, "tmp");
        if (claim(path)) ::unlink(path.c_str());
    }
}

void mend_pair(const std::string& main, const std::string& companion) {
    // Where both names are one file already, rename() does nothing, and mend() removes the second.
    mend(main, companion, "old",
         [&](const std::string& older) { return ::rename(older.c_str(), companion.c_str()) == 0; });
    mend(main, companion, "new",
         [&](const std::string& newer) { return !same_inode(newer, companion) || ::unlink(companion.c_str()) == 0; });
}

}  // namespace rpixen
