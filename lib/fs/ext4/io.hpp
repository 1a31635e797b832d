#pragma once

#include <exception>
#include <string>

#include "base/handle.hpp"
#include "fs/ext4/libext2fs.hpp"
#include "storage/partition_output.hpp"

namespace rpixen::ext4 {

using FileSystem = Handle<struct_ext2_filsys, ext2fs_free>;

/// What libext2fs reads and writes; offsets count from the file system's first byte.
class Medium {
  public:
    virtual ~Medium() = default;
    /// False where the bytes lie outside. Throws Error{io}.
    virtual bool read(std::uint64_t offset, MutableBytes bytes) = 0;
    virtual bool write(std::uint64_t offset, ByteView bytes) = 0;
    /// Makes the bytes read as zeros.
    virtual bool clear(std::uint64_t offset, std::uint64_t length) = 0;
};

/// While one of these is there libext2fs says nothing on standard error. The hook for it (com_err(3)) is the process's:
/// it is taken once, and the host gets its own back with the last.
class QuietLibrary {
  public:
    QuietLibrary();
    ~QuietLibrary();
    QuietLibrary(const QuietLibrary&) = delete;
    QuietLibrary& operator=(const QuietLibrary&) = delete;
};

/// What libext2fs found wrong in an image. Throws std::bad_alloc where it had no memory: that is no damage.
std::string words_of(errcode_t failure);

/// An io_manager (lib/ext2fs/ext2_io.h) over a medium that carries the medium's exceptions across the C code.
class Channel {
  public:
    explicit Channel(Medium& medium) : medium_(medium) {}
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// The manager whose next open() on this thread opens this channel.
    io_manager manager();
    /// Throws what the medium threw since the last call.
    void rethrow();
    /// The same, or Error{internal} where libext2fs failed by itself.
    void check(errcode_t result, const char* what);

  private:
    friend struct ChannelCallbacks;

    Medium& medium_;
    std::exception_ptr failure_;
    QuietLibrary quiet_;
};

/// Only metadata goes this way, a few blocks at a time, so nothing is cached here.
class PartitionMedium final : public Medium {
  public:
    explicit PartitionMedium(PartitionOutput& partition) : partition_(partition) {}
    bool read(std::uint64_t offset, MutableBytes bytes) override;
    bool write(std::uint64_t offset, ByteView bytes) override;
    bool clear(std::uint64_t offset, std::uint64_t length) override;

  private:
    PartitionOutput& partition_;
};

}  // namespace rpixen::ext4
