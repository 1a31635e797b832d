#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error. Callbacks: `deliver` is called once, in the calling
// thread, and may throw, which is then what the call throws; for the progress see progress.hpp.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/compose.hpp>

namespace rpixen {

/// A file of a release, by its base name.
struct ReleaseFile {
    std::string name;
    std::uint64_t size = 0;  ///< bytes
    std::string sha256;      ///< 64 hex digits
};

struct ReleaseRequest : PlanRequest {
    /// Appears whole or not at all. One that is there already is replaced if it is empty or holds an earlier release.
    std::string folder;
    std::string compress = "zst";  ///< or "xz", "gz", "none"
    std::string url;               ///< where the files will be fetched from; empty: not known
    /// Whoever answers for this build, as a URI, for the provenance (SLSA's builder.id); empty: nobody says.
    std::string builder;
    std::string sign_key;      ///< path of an Ed25519 private key in PEM; or
    std::string sign_command;  ///< run by sh(1) with a message's file and the signature's; neither: nothing is signed
    bool sync = true;          ///< bring the files to the disk before the folder gets its name
    /// Called with the finished release when nothing is left to do but to give the folder its name: what this throws
    /// leaves the older one.
    std::function<void(const struct Release&)> deliver;
};

/// What release() wrote.
struct Release {
    std::string folder;
    std::vector<ReleaseFile> files;  ///< sorted by name; without SHA256SUMS and its signature
    std::string image;               ///< the base name of what people write to a card
    std::uint64_t image_size = 0;    ///< bytes, unpacked
    std::string image_sha256;        ///< of the unpacked image
    std::uint64_t mapped = 0;        ///< bytes of it that have to be written to a card
    std::uint64_t packages = 0;      ///< that the root file system's package database lists
    bool is_signed = false;
    std::string key_id;  ///< of the key that signed, where it is known: SHA-256 of it in DER
    Report card;

    RPIXEN_API std::string text() const;
    /// docs/release.md; stable. Ends with a newline.
    RPIXEN_API std::string json() const;
};

/// Composes the card and writes everything that goes with it (docs/release.md): the compressed image, its block map,
/// bills of materials, provenance, a page, digests and their signature. The same inputs give the same bytes of every
/// file. Throws as compose(); Error{usage}: the folder holds something else, or an input; Error{artifact}: the key;
/// Error{unavailable}: the command that signs failed.
RPIXEN_API Release release(const ReleaseRequest& request, const Supervision& supervision = {});

struct VerifyReleaseRequest {
    std::string folder;
    std::string key;  ///< path of a public key: PEM, minisign's or signify's; empty: signatures are not looked at
};

/// What a release says of itself, held against what it is. Without a network.
struct ReleaseVerification {
    std::vector<Difference> differences;  ///< `path` is the file; empty: all of it holds
    std::vector<std::string> proven;      ///< sentences, in the order in which they were proven
    std::vector<std::string> notes;       ///< what was not looked at, and why

    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};

/// Throws Error{artifact}: no release is there; Error{io, cancelled}. What does not hold is a difference.
RPIXEN_API ReleaseVerification verify_release(const VerifyReleaseRequest& request, const Supervision& supervision = {});

}  // namespace rpixen
