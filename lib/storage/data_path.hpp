#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <vector>

#include <rpixen/progress.hpp>

#include "storage/content.hpp"
#include "storage/partition_output.hpp"
#include "storage/write_behind.hpp"

namespace rpixen {

/// Copies file data into a partition: lets the file system share whole blocks where it can (storage/copy_range.hpp),
/// gathers what lies side by side in the output, reads it with few calls (an archive in one call across its headers),
/// writes it with one on another thread. docs/decisions/0006-data-path.md holds the measurements.
class DataPath {
  public:
    /// `done`: what was counted of the supervised phase before, and is counted on here.
    DataPath(PartitionOutput& partition, const Supervision& supervision, std::uint64_t& done);

    /// Copies `length` bytes at `from` in the content to `to` in the partition.
    void copy(const Content& content, std::uint64_t from, std::uint64_t to, std::uint64_t length);
    /// Writes what is gathered and checks that no input was changed meanwhile. Throws Error{io, cancelled}.
    void finish();

  private:
    struct Pending {
        const ContentSource* source = nullptr;
        std::uint64_t first = 0;  ///< in the source's file
        std::uint64_t next = 0;
        std::vector<iovec> parts;
    };

    void open(const Content& content);
    std::uint64_t share(const Content& content, std::uint64_t from, std::uint64_t to, std::uint64_t length);
    void read(const Content& content, std::uint64_t from, MutableBytes out);
    void queue(const Content& content, std::uint64_t offset, MutableBytes out);
    void run_queued();
    void flush();
    void leave_source();

    PartitionOutput& partition_;
    const Supervision& supervision_;
    std::uint64_t& done_;
    WriteBehind writer_;
    Bytes buffer_;
    Bytes skipped_;           ///< takes what lies between two contents of an archive
    std::size_t window_ = 0;  ///< how much of the buffer is filled before it is written
    std::uint64_t begin_ = 0;
    std::size_t used_ = 0;
    Pending pending_;
    Content current_;
    std::unique_ptr<OpenContent> open_;
    const ContentSource* unshared_ = nullptr;  ///< the last one with which the output cannot share blocks
};

}  // namespace rpixen
