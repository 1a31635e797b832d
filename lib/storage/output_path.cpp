#include "storage/output_path.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>

#include <rpixen/error.hpp>

#include "storage/file_descriptor.hpp"

namespace rpixen {
namespace {

constexpr int most_links = 40;  // as the kernel follows (include/linux/namei.h, MAXSYMLINKS)

std::string read_link(const std::string& path) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0) throw_io("follow", path);
    return {target.data(), static_cast<std::size_t>(length)};
}

/// Links in there lead to what a process has open, whatever their text says.
bool in_proc(const std::string& path) {
    struct statfs status {};
    return ::statfs(folder_of(path).c_str(), &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

/// Without links; empty where there is no such file.
std::string real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    return real ? real.get() : "";
}

[[noreturn]] void refuse(const std::string& path, const std::string& found) {
    throw Error(ErrorCode::io, "cannot write " + path, found, "a new name or a regular file to replace", "name a file");
}

}  // namespace

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string resolve_output(const std::string& path) {
    std::string at = path;
    struct stat status {};
    for (int links = 0; ::lstat(at.c_str(), &status) == 0 && S_ISLNK(status.st_mode); ++links) {
        if (in_proc(at)) refuse(path, "an open file of a process");
        if (links == most_links) refuse(path, "links that lead to each other");
        const std::string target = read_link(at);
        at = target.starts_with('/') ? target : folder_of(at) + "/" + target;
    }
    const std::string folder = real_path(folder_of(at)) + "/";
    if (folder.starts_with("/dev/") && !folder.starts_with("/dev/shm/"))
        refuse(path, "no regular file, but a name in /dev");
    return at;
}

bool same_file(const std::string& one, const std::string& other) {
    struct stat a {};
    struct stat b {};
    const bool has_one = ::stat(one.c_str(), &a) == 0;
    const bool has_other = ::stat(other.c_str(), &b) == 0;
    if (has_one && has_other) return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    if (has_one || has_other) return false;
    const std::string first = resolve_output(one);
    const std::string second = resolve_output(other);
    const auto name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
    const std::string folder = real_path(folder_of(first));
    return !folder.empty() && folder == real_path(folder_of(second)) && name(first) == name(second);
}

bool lies_in(const std::string& path, const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
    std::string outer = real_path(folder);
    if (!outer.ends_with('/')) outer += '/';
    std::string inner = real_path(path);
    if (inner.empty()) inner = real_path(folder_of(path)) + "/";
    return inner.starts_with(outer);
}

}  // namespace rpixen
