#pragma once

#include <atomic>
#include <cstdint>

#include <rpixen/progress.hpp>

#include "base/digest.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// SHA-256 of a file as a program reads it, holes as zeros: what sha256sum prints. `read` counts the bytes of
/// data that were read. Throws what the content throws; Error{cancelled}.
Sha256Digest file_digest(const FileTree& tree, NodeId file, const Supervision& supervision,
                         std::atomic<std::uint64_t>& read);

/// The same of any content without holes.
Sha256Digest content_digest(const Content& content, const Supervision& supervision, std::atomic<std::uint64_t>& read);

}  // namespace rpixen
