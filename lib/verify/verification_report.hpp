#pragma once

#include <map>
#include <string>

#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

#include "base/digest.hpp"
#include "card/card.hpp"

namespace rpixen {

/// SHA-256 of files' contents, by node of their tree.
using FileDigests = std::map<NodeId, Sha256Digest>;

/// What `verify --report` needs of a plan, as JSON (docs/report.md): layout, identifiers, and of every file
/// what can be proven, with the SHA-256 of its content. Reads every content once whose digest is not known. Throws
/// Error{io, cancelled}. `last` (may be null) gets the digests of the last partition's files.
std::string make_verification_report(const Card& plan, const Supervision& supervision, FileDigests* last = nullptr);

/// The plan in a report; its contents have only digests (see RecordedDigests). `file` is for messages.
/// Throws Error{artifact}: no such report, or one that is damaged.
Card parse_verification_report(std::string_view text, const std::string& file);

}  // namespace rpixen
