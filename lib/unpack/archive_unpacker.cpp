#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <exception>
#include <new>

#include <rpixen/error.hpp>

#include "base/handle.hpp"
#include "unpack/unpacker.hpp"

namespace rpixen {
namespace {

using Archive = Handle<archive, archive_read_free>;

int support_filter(archive* handle, Packing packing) {
    switch (packing) {
        case Packing::bzip2:
            return archive_read_support_filter_bzip2(handle);
        case Packing::lz4:
            return archive_read_support_filter_lz4(handle);
        case Packing::xz:
        case Packing::zstd:
        case Packing::gzip:
        case Packing::plain:
            break;
    }
    throw Error(ErrorCode::internal, std::string("no filter for ") + name_of(packing));
}

/// libarchive's "raw" format: one entry that holds what its filter unpacks.
class ArchiveUnpacker final : public Unpacker {
  public:
    ArchiveUnpacker(Packing packing, ReadPacked read)
        : packing_(packing), read_(std::move(read)), archive_(archive_read_new()) {
        if (!archive_) throw std::bad_alloc();
        // ARCHIVE_WARN: libarchive would start a program for it.
        if (support_filter(archive_.get(), packing) != ARCHIVE_OK)
            throw Error(ErrorCode::unavailable, std::string("libarchive was built without ") + name_of(packing));
        archive_read_support_format_raw(archive_.get());
        archive_read_support_format_empty(archive_.get());
        archive_entry* entry = nullptr;
        if (archive_read_open(archive_.get(), this, nullptr, read_callback, nullptr) != ARCHIVE_OK) fail();
        const int result = archive_read_next_header(archive_.get(), &entry);
        if (result == ARCHIVE_EOF)
            empty_ = true;
        else if (result != ARCHIVE_OK)
            fail();
    }

    std::size_t read(MutableBytes out) override {
        if (empty_ || out.empty()) return 0;
        const la_ssize_t count = archive_read_data(archive_.get(), out.data(), out.size());
        if (count < 0) fail();
        return static_cast<std::size_t>(count);
    }

  private:
    static la_ssize_t read_callback(archive* handle, void* self, const void** buffer) noexcept {
        auto& unpacker = *static_cast<ArchiveUnpacker*>(self);
        try {
            const ByteView part = unpacker.read_();
            *buffer = part.data();
            return static_cast<la_ssize_t>(part.size());
        } catch (...) {
            unpacker.failure_ = std::current_exception();
            archive_set_error(handle, EIO, "reading failed");
            return ARCHIVE_FATAL;
        }
    }

    [[noreturn]] void fail() {
        if (failure_) std::rethrow_exception(failure_);
        const char* reason = archive_error_string(archive_.get());
        throw Error(ErrorCode::artifact,
                    std::string("it cannot be unpacked: its ") + name_of(packing_) + " data are damaged or end early",
                    reason ? reason : "", {}, "fetch or make it again");
    }

    Packing packing_;
    ReadPacked read_;
    std::exception_ptr failure_;
    Archive archive_;
    bool empty_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> archive_unpacker(Packing packing, ReadPacked read) {
    return std::make_unique<ArchiveUnpacker>(packing, std::move(read));
}

}  // namespace rpixen
