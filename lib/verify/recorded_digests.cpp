#include "verify/recorded_digests.hpp"

#include <rpixen/error.hpp>

namespace rpixen {

std::uint64_t RecordedDigests::add(const Sha256Digest& digest) {
    digests_.push_back(digest);
    return digests_.size() - 1;
}

std::unique_ptr<OpenContent> RecordedDigests::open(std::uint64_t) const {
    throw Error(ErrorCode::internal, "only the digest is known of a file of " + name_);
}

void DigestStore::begin(std::uint64_t size) {
    digest_.emplace();
    size_ = size;
}

Content DigestStore::finish() {
    return {digests_, digests_->add(digest_->finish()), size_};
}

}  // namespace rpixen
