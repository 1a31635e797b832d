#include "fuzz/target.hpp"
#include "release/checksums.hpp"
#include "release/provenance.hpp"
#include "release/signature.hpp"

namespace rpixen::fuzz {
namespace {

template <typename Work>
void unless_refused(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::artifact) throw;
    }
}

}  // namespace

/// What verify-release reads: digests, an envelope and its statement, keys and signatures of three programs.
void release_documents(ByteView input) {
    const std::string_view text = as_text(input);
    unless_refused([&] { parse_checksums(text, "SHA256SUMS"); });
    if (const auto found = parse_envelope(text)) subjects_of(found->payload);
    subjects_of(text);
    unless_refused([&] { SignatureProof::parse(text, "key").proves(as_bytes("message"), input); });
    static const SignatureProof key = SignatureProof::parse(
        "untrusted comment: minisign public key 0\n"
        "RWQAAAAAAAAAAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n",
        "key");
    key.proves(as_bytes("message"), input);
}

}  // namespace rpixen::fuzz
