#pragma once

#include <string>
#include <string_view>

#include "release/release_facts.hpp"

namespace rpixen {

/// The UUID of a document about the image, the same for the same image: a version-8 UUID (RFC 9562) from its digest
/// and the document's kind ("spdx", "cyclonedx").
std::string image_uuid(const ReleaseFacts& facts, std::string_view document);

}  // namespace rpixen
