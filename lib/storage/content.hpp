#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/digest.hpp"

namespace rpixen {

/// A run of bytes that is open for reading. Not thread safe; open one for each thread.
class OpenContent {
  public:
    virtual ~OpenContent() = default;
    /// Reads exactly out.size() bytes, `offset` counted from the start of the run. Throws Error{io}.
    virtual void read(std::uint64_t offset, MutableBytes out) = 0;
    /// The file to read with pread or copy_file_range, or -1 where the bytes are in memory only.
    virtual int descriptor() const { return -1; }
    /// Where the run begins in descriptor().
    virtual std::uint64_t base() const { return 0; }
    /// Throws Error{io} where the input was changed since it was examined.
    virtual void check_unchanged() {}
};

/// Holds the bytes of one or many files: an input file, a folder of files, memory. Shared between threads,
/// immutable.
class ContentSource {
  public:
    virtual ~ContentSource() = default;
    /// Opens what lies at `position`: a byte offset in a file or memory, the number of a member in a folder.
    virtual std::unique_ptr<OpenContent> open(std::uint64_t position) const = 0;
    /// For messages: the path as the user wrote it.
    virtual std::string name() const = 0;
    /// A plain file that holds every content in one piece at its position, or -1: lets a writer read across
    /// contents.
    virtual int descriptor() const { return -1; }
    /// The SHA-256 of what lies at `position` where only that is known of it, and nothing can be read.
    virtual std::optional<Sha256Digest> recorded_digest(std::uint64_t position) const {
        static_cast<void>(position);
        return std::nullopt;
    }
};

using ContentSourcePtr = std::shared_ptr<const ContentSource>;

/// Bytes somewhere in a source: cheap to copy.
struct Content {
    ContentSourcePtr source;
    std::uint64_t position = 0;
    std::uint64_t size = 0;  ///< bytes
    /// It lies at its final place in the output already: the ContentStore that took it in says so. Of a file's
    /// data `position` is then the offset in the output of its first block, and what is more than one extent
    /// goes on behind each fixed place of the file system (ext4::around_fixed_places).
    bool placed = false;

    std::unique_ptr<OpenContent> open() const { return source->open(position); }
};

/// A content that lives in memory.
Content memory_content(Bytes bytes, std::string name);
Content memory_content(std::string_view text, std::string name);

/// A part of a content, cut off where that ends.
Content part_of(const Content& whole, std::uint64_t begin, std::uint64_t size);

/// All of a content; for small ones. Throws Error{io}.
Bytes read_all(const Content& content);

}  // namespace rpixen
