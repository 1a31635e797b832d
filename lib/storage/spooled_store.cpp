#include "storage/spooled_store.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <rpixen/error.hpp>

#include "storage/file_descriptor.hpp"

namespace rpixen {
namespace {

class SpooledStore final : public ContentStore {
  public:
    explicit SpooledStore(const std::string& folder) : folder_(folder), name_("unpacked data in " + folder) {}

    void begin(std::uint64_t) override { begin_ = end_; }
    void append(ByteView bytes) override {
        if (!source_) source_ = std::make_shared<Spool>(unnamed_file(), name_);
        pwrite_exactly(source_->descriptor(), end_, bytes, name_);
        end_ += bytes.size();
    }
    Content finish() override { return {source_, begin_, end_ - begin_}; }

  private:
    FileDescriptor unnamed_file() const {
        FileDescriptor descriptor(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
        if (descriptor) return descriptor;
        // Not every file system knows O_TMPFILE.
        std::string name = folder_ + "/.rpixen-XXXXXX";
        descriptor = FileDescriptor(::mkostemp(name.data(), O_CLOEXEC));
        if (!descriptor) throw_io("write in", folder_);
        ::unlink(name.c_str());
        return descriptor;
    }

    /// Grows while it is read, so it has no identity to be checked against.
    class Spool final : public ContentSource, public std::enable_shared_from_this<Spool> {
      public:
        Spool(FileDescriptor descriptor, std::string name)
            : descriptor_(std::move(descriptor)), name_(std::move(name)) {}
        std::unique_ptr<OpenContent> open(std::uint64_t position) const override {
            return std::make_unique<OpenSpool>(shared_from_this(), position);
        }
        std::string name() const override { return name_; }
        int descriptor() const override { return descriptor_.get(); }

      private:
        FileDescriptor descriptor_;
        std::string name_;
    };

    class OpenSpool final : public OpenContent {
      public:
        OpenSpool(std::shared_ptr<const Spool> spool, std::uint64_t base) : spool_(std::move(spool)), base_(base) {}
        void read(std::uint64_t offset, MutableBytes out) override {
            pread_exactly(spool_->descriptor(), base_ + offset, out, spool_->name());
        }
        int descriptor() const override { return spool_->descriptor(); }
        std::uint64_t base() const override { return base_; }

      private:
        std::shared_ptr<const Spool> spool_;
        std::uint64_t base_;
    };

    std::string folder_;
    std::string name_;
    std::shared_ptr<Spool> source_;
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;
};

}  // namespace

std::unique_ptr<ContentStore> spooled_store(const std::string& folder) {
    return std::make_unique<SpooledStore>(folder);
}

}  // namespace rpixen
