#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "release/release_facts.hpp"
#include "release/signature.hpp"

namespace rpixen {

/// What was asked for, beside the manifest.
struct BuildParameters {
    std::string builder;  ///< a URI; empty: nobody says
    std::optional<std::int64_t> source_date_epoch;
    std::vector<std::string> allow;
    std::vector<std::string> deny;
    std::string compress;
};

/// An in-toto Statement v1 (in-toto.io/Statement/v1) with SLSA provenance v1 (slsa.dev/spec/v1.0/provenance), on one
/// line: `subjects` are what was made, the manifest and the parameters are external, every input is a resolved
/// dependency with its digest (a folder's as "rpixenFolder1", docs/release.md). No time: the same inputs give the same
/// bytes.
std::string provenance_statement(const ReleaseFacts& facts, const std::vector<ReleaseFile>& subjects,
                                 const BuildParameters& parameters);

inline constexpr std::string_view statement_type = "application/vnd.in-toto+json";

/// What a DSSE signature signs (github.com/secure-systems-lab/dsse, protocol.md):
/// "DSSEv1" SP LENGTH(type) SP type SP LENGTH(body) SP body.
std::string pre_authentication_encoding(std::string_view type, std::string_view body);

/// A DSSE envelope around a statement, on one line with its end. `signer` may be null: nobody signed.
std::string envelope(std::string_view statement, const Signer* signer);

/// An envelope that was read.
struct Envelope {
    std::string payload_type;
    std::string payload;  ///< decoded
    std::vector<Bytes> signatures;
};
/// The first line of a file. Nothing where it is no envelope.
std::optional<Envelope> parse_envelope(std::string_view line);

/// The names and SHA-256 digests that a statement speaks of. Nothing where it is none.
std::optional<std::vector<ReleaseFile>> subjects_of(std::string_view statement);

}  // namespace rpixen
