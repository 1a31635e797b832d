#pragma once

#include <string>

#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

#include "card/card.hpp"

namespace rpixen {

/// What `verify --report` needs of a plan, as JSON (docs/report.md): layout, identifiers, and of every file
/// what can be proven, with the SHA-256 of its content. Reads every content once. Throws Error{io,
/// cancelled}.
std::string make_verification_report(const Card& plan, const Supervision& supervision);

/// The plan in a report; its contents have only digests (see RecordedDigests). `file` is for messages.
/// Throws Error{artifact}: no such report, or one that is damaged.
Card parse_verification_report(std::string_view text, const std::string& file);

}  // namespace rpixen
