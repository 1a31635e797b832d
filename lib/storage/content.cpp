#include "storage/content.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

namespace rpixen {
namespace {

class MemorySource final : public ContentSource, public std::enable_shared_from_this<MemorySource> {
  public:
    MemorySource(Bytes bytes, std::string name) : bytes_(std::move(bytes)), name_(std::move(name)) {}

    class Open final : public OpenContent {
      public:
        Open(std::shared_ptr<const MemorySource> source, std::uint64_t position)
            : source_(std::move(source)), position_(position) {}
        void read(std::uint64_t offset, MutableBytes out) override {
            const ByteView bytes = source_->bytes_;
            const std::uint64_t begin = position_ + offset;
            if (begin > bytes.size() || out.size() > bytes.size() - begin)
                throw Error(ErrorCode::internal, "a read beyond the end of " + source_->name_);
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), out.size(), out.begin());
        }

      private:
        std::shared_ptr<const MemorySource> source_;
        std::uint64_t position_;
    };

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override {
        return std::make_unique<Open>(shared_from_this(), position);
    }
    std::string name() const override { return name_; }

  private:
    Bytes bytes_;
    std::string name_;
};

/// The content behind an offset in another one.
class PartSource final : public ContentSource {
  public:
    explicit PartSource(Content whole) : whole_(std::move(whole)) {}

    class Open final : public OpenContent {
      public:
        Open(std::unique_ptr<OpenContent> whole, std::uint64_t begin) : whole_(std::move(whole)), begin_(begin) {}
        void read(std::uint64_t offset, MutableBytes out) override { whole_->read(begin_ + offset, out); }
        int descriptor() const override { return whole_->descriptor(); }
        std::uint64_t base() const override { return whole_->base() + begin_; }
        void check_unchanged() override { whole_->check_unchanged(); }

      private:
        std::unique_ptr<OpenContent> whole_;
        std::uint64_t begin_;
    };

    std::unique_ptr<OpenContent> open(std::uint64_t position) const override {
        return std::make_unique<Open>(whole_.open(), position);
    }
    std::string name() const override { return whole_.source->name(); }

  private:
    Content whole_;
};

}  // namespace

Content part_of(const Content& whole, std::uint64_t begin, std::uint64_t size) {
    begin = std::min(begin, whole.size);
    size = std::min(size, whole.size - begin);
    if (!whole.source) return {nullptr, 0, size};
    return {std::make_shared<PartSource>(whole), begin, size};
}

Content memory_content(Bytes bytes, std::string name) {
    const std::uint64_t size = bytes.size();
    return {std::make_shared<MemorySource>(std::move(bytes), std::move(name)), 0, size};
}

Content memory_content(std::string_view text, std::string name) {
    return memory_content(to_bytes(text), std::move(name));
}

Bytes read_all(const Content& content) {
    Bytes bytes(content.size);
    if (!bytes.empty()) content.open()->read(0, bytes);
    return bytes;
}

}  // namespace rpixen
