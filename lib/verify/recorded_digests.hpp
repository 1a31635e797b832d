#pragma once

#include <optional>
#include <vector>

#include "base/digest.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// Contents of which only the SHA-256 is known: read from a report, or streamed past. They cannot be opened.
class RecordedDigests final : public ContentSource {
  public:
    explicit RecordedDigests(std::string name) : name_(std::move(name)) {}

    /// The position of a new content.
    std::uint64_t add(const Sha256Digest& digest);

    /// Throws Error{internal}.
    std::unique_ptr<OpenContent> open(std::uint64_t position) const override;
    std::string name() const override { return name_; }
    std::optional<Sha256Digest> recorded_digest(std::uint64_t position) const override { return digests_.at(position); }

  private:
    std::string name_;
    std::vector<Sha256Digest> digests_;
};

/// Keeps of every content only its digest. For streams without holes: the digest is of the bytes that come.
class DigestStore final : public ContentStore {
  public:
    explicit DigestStore(std::string name) : digests_(std::make_shared<RecordedDigests>(std::move(name))) {}

    void begin(std::uint64_t size) override;
    void append(ByteView bytes) override { digest_->update(bytes); }
    Content finish() override;

  private:
    std::shared_ptr<RecordedDigests> digests_;
    std::optional<Sha256> digest_;
    std::uint64_t size_ = 0;
};

}  // namespace rpixen
