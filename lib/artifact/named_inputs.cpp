#include "artifact/named_inputs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include <rpixen/error.hpp>

#include "artifact/pin.hpp"
#include "manifest/manifest_paths.hpp"
#include "storage/input_file.hpp"

namespace rpixen {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw Error(ErrorCode::artifact, "cannot read " + path, reason, "a readable file or folder", "check the path");
}

struct stat status_of(const std::string& path, bool follow) {
    struct stat status {};
    if ((follow ? ::stat : ::lstat)(path.c_str(), &status) != 0) refuse(path, std::generic_category().message(errno));
    return status;
}

std::string line_of(const std::string& path, const std::string& inside, const Supervision& supervision) {
    const struct stat status = status_of(path, false);
    char type = 'o';
    std::string digest = "-";
    if (S_ISREG(status.st_mode)) {
        type = 'f';
        digest = hex(digest_of(*InputFile::open_file(path), supervision));
    } else if (S_ISDIR(status.st_mode)) {
        type = 'd';
    } else if (S_ISLNK(status.st_mode)) {
        type = 'l';
        digest = hex(sha256(as_bytes(fs::read_symlink(path).native())));
    }
    char start[64];
    std::snprintf(start, sizeof(start), "%c %04o %u %u ", type, status.st_mode & 07777U, status.st_uid, status.st_gid);
    return start + digest + " " + inside + '\0';
}

}  // namespace

std::vector<NamedInput> named_inputs(const Manifest& manifest) {
    std::vector<NamedInput> inputs;
    visit_paths(manifest, [&](std::string_view role, const std::string& path, const std::string& resolved) {
        inputs.push_back({std::string(role), path, resolved});
    });
    return inputs;
}

std::uint64_t file_size(const std::string& path) noexcept {
    struct stat status {};
    const bool file = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    return file ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool is_folder(const std::string& path) noexcept {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::vector<std::string> paths_below(const std::string& path, const Supervision& supervision) {
    std::vector<std::string> paths{path};
    if (!S_ISDIR(status_of(path, true).st_mode)) return paths;
    try {
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
            supervision.check();
            paths.push_back(entry.path().native());
        }
    } catch (const fs::filesystem_error& error) {
        refuse(error.path1().native(), error.code().message());
    }
    std::sort(paths.begin() + 1, paths.end());
    return paths;
}

std::string input_digest(const std::string& path, const Supervision& supervision) {
    if (!S_ISDIR(status_of(path, true).st_mode)) return hex(digest_of(*InputFile::open_file(path), supervision));
    Sha256 text;
    const std::vector<std::string> paths = paths_below(path, supervision);
    const std::size_t prefix = path.size() + (path.ends_with('/') ? 0 : 1);
    for (auto below = paths.begin() + 1; below != paths.end(); ++below)
        text.update(line_of(*below, below->substr(prefix), supervision));
    return hex(text.finish());
}

}  // namespace rpixen
