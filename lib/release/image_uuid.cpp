#include "release/image_uuid.hpp"

#include "base/digest.hpp"

namespace rpixen {

std::string image_uuid(const ReleaseFacts& facts, std::string_view document) {
    return format_uuid(derive_uuid(sha256(as_bytes(facts.image.sha256)), document));
}

}  // namespace rpixen
