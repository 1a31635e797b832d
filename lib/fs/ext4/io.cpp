#include "fs/ext4/io.hpp"

#include <et/com_err.h>

#include <cstdarg>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include <rpixen/error.hpp>

namespace rpixen::ext4 {
namespace {

/// libext2fs writes some of its failures to standard error itself; they come back as results, too.
void keep_quiet(const char*, errcode_t, const char*, va_list) noexcept {}

std::mutex hook_mutex;
unsigned hook_users = 0;
decltype(set_com_err_hook(keep_quiet)) hosts_hook = nullptr;

/// io_manager::open gets nothing but a name, so the channel to open is handed over beside it.
thread_local Channel* opening = nullptr;

}  // namespace

struct ChannelCallbacks {
    static Channel& self(io_channel channel) { return *static_cast<Channel*>(channel->private_data); }

    /// Runs an action; an exception is kept for Channel::check() and libext2fs gets a failure.
    template <typename Action>
    static errcode_t guarded(io_channel channel, errcode_t failure, Action&& action) noexcept {
        try {
            return action(self(channel).medium_) ? 0 : failure;
        } catch (...) {
            self(channel).failure_ = std::current_exception();
            return failure;
        }
    }

    static errcode_t open(const char*, int, io_channel* result) noexcept;

    static errcode_t close(io_channel channel) noexcept {
        if (--channel->refcount > 0) return 0;
        delete channel;
        return 0;
    }

    static errcode_t set_blksize(io_channel channel, int size) noexcept {
        channel->block_size = size;
        return 0;
    }

    /// A negative count is a number of bytes.
    static std::size_t bytes_of(io_channel channel, int count) {
        return count < 0 ? static_cast<std::size_t>(-static_cast<long>(count))
                         : static_cast<std::size_t>(count) * static_cast<std::size_t>(channel->block_size);
    }
    static std::uint64_t offset_of(io_channel channel, unsigned long long block) {
        return block * static_cast<std::uint64_t>(channel->block_size);
    }

    static errcode_t read_blk64(io_channel channel, unsigned long long block, int count, void* data) noexcept {
        return guarded(channel, EXT2_ET_SHORT_READ, [&](Medium& medium) {
            return medium.read(offset_of(channel, block), {static_cast<std::byte*>(data), bytes_of(channel, count)});
        });
    }
    static errcode_t read_blk(io_channel channel, unsigned long block, int count, void* data) noexcept {
        return read_blk64(channel, block, count, data);
    }
    static errcode_t write_blk64(io_channel channel, unsigned long long block, int count, const void* data) noexcept {
        return guarded(channel, EXT2_ET_SHORT_WRITE, [&](Medium& medium) {
            return medium.write(offset_of(channel, block),
                                {static_cast<const std::byte*>(data), bytes_of(channel, count)});
        });
    }
    static errcode_t write_blk(io_channel channel, unsigned long block, int count, const void* data) noexcept {
        return write_blk64(channel, block, count, data);
    }
    static errcode_t write_byte(io_channel channel, unsigned long offset, int size, const void* data) noexcept {
        return guarded(channel, EXT2_ET_SHORT_WRITE, [&](Medium& medium) {
            return medium.write(offset, {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)});
        });
    }
    static errcode_t zeroout(io_channel channel, unsigned long long block, unsigned long long count) noexcept {
        return guarded(channel, EXT2_ET_SHORT_WRITE, [&](Medium& medium) {
            return medium.clear(offset_of(channel, block), offset_of(channel, count));
        });
    }
    static errcode_t flush(io_channel) noexcept { return 0; }
};

namespace {

io_manager partition_manager() {
    static struct_io_manager manager = [] {
        struct_io_manager callbacks{};
        callbacks.magic = EXT2_ET_MAGIC_IO_MANAGER;
        callbacks.name = "partition of an output file";
        callbacks.open = ChannelCallbacks::open;
        callbacks.close = ChannelCallbacks::close;
        callbacks.set_blksize = ChannelCallbacks::set_blksize;
        callbacks.read_blk = ChannelCallbacks::read_blk;
        callbacks.write_blk = ChannelCallbacks::write_blk;
        callbacks.flush = ChannelCallbacks::flush;
        callbacks.write_byte = ChannelCallbacks::write_byte;
        callbacks.read_blk64 = ChannelCallbacks::read_blk64;
        callbacks.write_blk64 = ChannelCallbacks::write_blk64;
        callbacks.zeroout = ChannelCallbacks::zeroout;
        return callbacks;
    }();
    return &manager;
}

}  // namespace

errcode_t ChannelCallbacks::open(const char*, int, io_channel* result) noexcept {
    if (!opening) return EXT2_ET_BAD_DEVICE_NAME;
    io_channel channel = new (std::nothrow) struct_io_channel{};
    if (!channel) return EXT2_ET_NO_MEMORY;
    static char name[] = "output";
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = partition_manager();
    channel->name = name;
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->private_data = std::exchange(opening, nullptr);
    *result = channel;
    return 0;
}

io_manager Channel::manager() {
    opening = this;
    return partition_manager();
}

QuietLibrary::QuietLibrary() {
    const std::lock_guard lock(hook_mutex);
    if (hook_users++ == 0) hosts_hook = set_com_err_hook(keep_quiet);
}

QuietLibrary::~QuietLibrary() {
    const std::lock_guard lock(hook_mutex);
    if (--hook_users == 0) set_com_err_hook(hosts_hook);
}

std::string words_of(errcode_t failure) {
    if (failure == EXT2_ET_NO_MEMORY) throw std::bad_alloc();
    return error_message(failure);
}

void Channel::rethrow() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Channel::check(errcode_t result, const char* what) {
    rethrow();
    if (result == EXT2_ET_NO_MEMORY) throw std::bad_alloc();
    if (result != 0)
        throw Error(ErrorCode::internal, std::string("libext2fs failed to ") + what, "error " + std::to_string(result));
}

bool PartitionMedium::read(std::uint64_t offset, MutableBytes bytes) {
    partition_.read(offset, bytes);
    return true;
}

bool PartitionMedium::write(std::uint64_t offset, ByteView bytes) {
    partition_.write(offset, bytes);
    return true;
}

bool PartitionMedium::clear(std::uint64_t offset, std::uint64_t length) {
    partition_.clear(offset, length);
    return true;
}

}  // namespace rpixen::ext4
