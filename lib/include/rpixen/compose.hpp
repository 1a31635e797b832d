#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error; json() and text() throw std::bad_alloc alone. Callbacks:
// `deliver` is called once, in the calling thread, and may throw, which is then what the call throws; for the progress
// see progress.hpp.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/console.hpp>
#include <rpixen/diagnostic.hpp>
#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>
#include <rpixen/report.hpp>

namespace rpixen {

/// What all commands that start from a manifest share.
struct PlanRequest {
    ManifestSource manifest;                        ///< a path, or a text or value
    std::optional<std::int64_t> source_date_epoch;  ///< seconds since 1970; without it the newest time in the root file
                                                    ///< system
    std::vector<std::string> allow;                 ///< ids of diagnostics that may not stop the run
    std::vector<std::string> deny;  ///< ids of diagnostics that must stop the run, whatever their severity
    /// Files that the caller will write with the result: refused where they would replace an input.
    std::vector<std::string> outputs;
    /// Whether the report lists the files of the root file system too (ReportPartition::files): half a
    /// million of them take some 80 MB. The boot partition's are always listed.
    bool list_root = true;
    /// Whether every input's digest is taken (ReportArtifact::sha256): the boot inputs' always are, those of the root
    /// file system, folders and files cost a reading of their own, beside the other work.
    bool digest_inputs = true;
    bool list_extents = false;  ///< Report::extents
};

enum class VerifyForm : std::uint8_t { none, quick, full };

struct ComposeRequest : PlanRequest {
    std::string output = "sdcard.img";
    std::string backend = "direct";  ///< or "guestfs"
    VerifyForm verify = VerifyForm::quick;
    std::string report;  ///< path of a report for `verify --report`; empty: none is written
    bool sync = true;    ///< bring the image to the disk before it gets its name
    /// Leave an output that is there already, and its time, where the result would be the same bytes; its report too.
    bool if_changed = false;
    /// An image that an earlier compose() wrote with this set too: where the root file system's layers are the same
    /// files, unchanged, its data is taken over instead of being read again, shared where the file system can. The
    /// result is the same to the last bit. May be `output`, and need not exist: what is not certain is composed anew,
    /// and Report::notes says why. Leaves a record, `output` + ".reuse", for the next one. Empty: nothing of that.
    std::string reuse;
    bool digest_image = false;  ///< Report::image_sha256, by reading the finished image
    /// Called with the finished report when nothing is left to do but to give image and report their names:
    /// whoever has to hand it on does it here, as what this throws leaves the older files.
    std::function<void(const Report&)> deliver;
};

/// What a card is made of, without planning it.
struct CardInputs {
    std::vector<ReportArtifact> artifacts;  ///< with digests; no versions, sizes and packings
    /// Every file and folder that a compose reads, as seen from the working directory: the manifest's own first, a
    /// folder's entries after it.
    std::vector<std::string> files;
    /// SHA-256 (64 hex digits) over the manifest, the inputs' digests, what is allowed, the time that was asked for
    /// and this library's version: two cards of one key are the same to the last bit.
    std::string key;
    RPIXEN_API std::string json() const;
};
/// Reads the inputs and takes their digests; without PlanRequest::digest_inputs there are no digests and no key, and
/// only folders are read. Throws Error{manifest, artifact, io, cancelled}.
RPIXEN_API CardInputs card_inputs(const PlanRequest& request, const Supervision& supervision = {});

/// Everything compose() would do; writes nothing. What would stop compose() is in Report::refusal. Throws
/// Error{usage, manifest, artifact, unfit, io, cancelled} where there is no plan to show.
RPIXEN_API Report plan(const PlanRequest& request, const Supervision& supervision = {});

/// Writes the card image; it appears whole or not at all, and its report only together with it. Throws
/// Error.
RPIXEN_API Report compose(const ComposeRequest& request, const Supervision& supervision = {});

struct InspectRequest {
    std::string image;  ///< any raw image, also compressed with gz, xz, zst or bz2
};
/// Partition table, files of every readable file system, boot.scr's text, dom0's modules.
RPIXEN_API Report inspect(const InspectRequest& request, const Supervision& supervision = {});

struct CheckRequest : PlanRequest {
    /// A manifest or an image, told apart by content; empty: the `manifest` of the base.
    std::string subject;
};
/// Why the card would not boot, as far as a host can know. Throws where the subject cannot be read, or where
/// a manifest makes no plan.
RPIXEN_API Report check(const CheckRequest& request, const Supervision& supervision = {});

struct DiagnoseRequest {
    std::string log;    ///< of a serial console, or "-"
    std::string image;  ///< the card that it is of; empty: not at hand
};
/// What a log tells, and what the card's own files tell beside it.
struct Diagnosis {
    std::string log;
    LogReading reading;                  ///< its rules: first those that the card's findings confirm
    std::string image;                   ///< as in the request
    std::vector<Diagnostic> findings;    ///< of the card
    std::string not_followed;            ///< as in the Report of check()
    std::vector<std::string> confirmed;  ///< ids among the findings that explain what the log shows

    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};
/// Reads a saved log. Throws as read_boot_log() and check().
RPIXEN_API Diagnosis diagnose(const DiagnoseRequest& request, const Supervision& supervision = {});

/// Whether a diagnostic must stop the run, given what is allowed and denied.
RPIXEN_API bool stops(const Diagnostic& diagnostic, const std::vector<std::string>& allow,
                      const std::vector<std::string>& deny);

struct VerifyRequest {
    std::string image;
    std::string report;       ///< path of a report written by compose, or empty
    ManifestSource manifest;  ///< or none; exactly one of the two is given
    std::optional<std::int64_t> source_date_epoch;
    std::string reader = "direct";  ///< or "guestfs"
    VerifyForm form = VerifyForm::full;
};

/// One difference between what an image holds and what it should.
struct Difference {
    std::string partition;  ///< "boot", "root", or empty for the disk itself
    std::string path;       ///< inside the partition, or what is meant ("superblock", "partition table")
    std::string what;       ///< "mode", "content", "missing", "unexpected", ...
    std::string expected;
    std::string found;
    friend bool operator==(const Difference&, const Difference&) = default;
};

struct Verification {
    std::vector<Difference> differences;  ///< empty: the image holds exactly what it should
    std::uint64_t files = 0;              ///< compared
    std::uint64_t bytes = 0;              ///< of file data read
    std::vector<std::string> notes;

    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};

RPIXEN_API Verification verify(const VerifyRequest& request, const Supervision& supervision = {});

/// "0.1.0"
RPIXEN_API const char* version();

}  // namespace rpixen
