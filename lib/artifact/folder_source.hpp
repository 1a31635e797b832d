#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/content.hpp"
#include "storage/file_descriptor.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// The files of a folder, opened only when they are read. A position is a member's number. Each member's
/// identity is kept (32 bytes and its name) and proven when it is opened and when reading it has ended.
class FolderSource final : public ContentSource, public std::enable_shared_from_this<FolderSource> {
  public:
    /// Throws Error{artifact}: missing, not readable, no folder. `follow`: a member may be a symlink to a
    /// file.
    static std::shared_ptr<FolderSource> open_folder(const std::string& path, bool follow);

    /// Registers a folder by its path inside ("" is the top) and gives its number.
    std::uint32_t add_folder(std::string path);
    /// Registers a regular file as lstat (or stat) saw it. `runs` is empty unless the file has holes.
    Content add_file(std::uint32_t folder, std::string_view name, const struct stat& status,
                     std::vector<DataRun> runs = {});

    int folder_descriptor() const { return descriptor_.get(); }
    /// Path of something inside, for messages.
    std::string path_of(std::uint32_t folder, std::string_view name) const;

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return path_; }

    FolderSource(std::string path, FileDescriptor descriptor, bool follow)
        : path_(std::move(path)), descriptor_(std::move(descriptor)), follow_(follow) {}

  private:
    struct Member {
        std::uint64_t inode = 0;
        std::uint64_t size = 0;
        std::int64_t mtime = 0;  ///< nanoseconds
        std::uint32_t folder = 0;
        std::uint32_t name = 0;  ///< offset in names_
    };
    class Open;

    std::string path_;
    FileDescriptor descriptor_;
    bool follow_;
    std::vector<std::string> folders_;
    std::vector<Member> members_;
    std::string names_;  ///< each ended by NUL
    std::unordered_map<std::uint64_t, std::vector<DataRun>> runs_;
};

}  // namespace rpixen
