#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/error.hpp>

#include "storage/content_store.hpp"
#include "support/temporary_folder.hpp"
#include "tree/file_tree.hpp"

namespace rpixen::test {

/// Keeps what it is given in one memory file, as a back end would in its output.
class MemoryStore final : public ContentStore {
  public:
    void begin(std::uint64_t size) override;
    void append(ByteView bytes) override;
    Content finish() override;
    std::uint64_t appended() const { return appended_; }

  private:
    std::uint64_t expected_ = 0;
    std::uint64_t appended_ = 0;
    Bytes bytes_;
};

/// Lays a tar, plain or packed, or a folder over a tree, and gives the notes.
std::vector<std::string> lay(FileTree& tree, const std::string& path);
/// Lays several over each other.
std::vector<std::string> lay(FileTree& tree, const std::vector<std::string>& paths);
/// The tree of one tar, plain or packed.
FileTree tree_of(const std::string& path);
FileTree tree_of_bytes(const TemporaryFolder& folder, std::string_view tar);

/// A file's bytes with its holes filled; throws where the path is no file.
std::string content_of(const FileTree& tree, std::string_view path);
/// The node; throws where nothing has that path.
NodeId at(const FileTree& tree, std::string_view path);
/// The xattr's value; "" where there is none.
std::string xattr_of(const FileTree& tree, std::string_view path, std::string_view name);

/// One line for each name, in order: path, type, mode, owner, time, and what the kind has: content, target,
/// device, link count, extended attributes.
std::string listing(const FileTree& tree);

/// Runs `work`, which must throw an Error, and returns it.
Error error_of(const std::function<void()>& work);

/// The first 64 bytes of an arm64 Image.
std::string arm64_header(std::uint64_t image_size);

}  // namespace rpixen::test
