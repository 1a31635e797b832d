#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error. Callbacks: those of progress.hpp alone.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/compose.hpp>
#include <rpixen/manifest.hpp>
#include <rpixen/progress.hpp>
#include <rpixen/report.hpp>

namespace rpixen {

struct DiffRequest {
    std::string a;  ///< an image (compressed too) or a manifest, told apart by content; empty: `manifest_a`
    std::string b;  ///< the same; empty: `manifest_b`
    std::optional<std::int64_t> source_date_epoch;  ///< for manifests, as in PlanRequest
    std::vector<std::string> allow;                 ///< for manifests, as in PlanRequest: it may change a plan
    /// `quick` leaves out the data of files, except of small ones on a FAT; `none` is taken for it.
    VerifyForm form = VerifyForm::full;
    ManifestSource manifest_a{};  ///< instead of a path
    ManifestSource manifest_b{};
};

/// From A to B.
enum class Change : std::uint8_t { removed, added, changed };

/// "removed", "added", "changed"
RPIXEN_API const char* name_of(Change change) noexcept;

/// A value that the cards have differently; the text is empty for a card that has none.
struct ValueDifference {
    std::string what;  ///< "size", "mode", "owner", "content", "attribute user.note", ...
    std::string a;
    std::string b;
    friend bool operator==(const ValueDifference&, const ValueDifference&) = default;
};

struct PartitionDifference {
    int number = 0;  ///< from 1; 0 for a file system without a partition table
    Change change = Change::changed;
    std::vector<ValueDifference> values;
    friend bool operator==(const PartitionDifference&, const PartitionDifference&) = default;
};

struct FileDifference {
    int partition = 0;  ///< its number
    std::string path;   ///< absolute inside the partition
    Change change = Change::changed;
    std::string type;                     ///< of what only one card has: "file", "directory", "symlink", ...
    std::vector<ValueDifference> values;  ///< of what both have
    friend bool operator==(const FileDifference&, const FileDifference&) = default;
};

/// A place in memory when Xen is started, as check() sees it.
struct RegionDifference {
    Change change = Change::changed;
    ReportRegion a;  ///< of what A has
    ReportRegion b;
};

struct LineDifference {
    Change change = Change::removed;  ///< removed or added
    std::uint64_t line = 0;           ///< from 1, in A's text or in B's
    std::string text;
    friend bool operator==(const LineDifference&, const LineDifference&) = default;
};

/// A text, by lines.
struct TextDifference {
    /// "facts" (what is started, with versions and command lines, as in Report::facts), "config.txt" (with what it
    /// includes) or "boot.scr" (the script's text)
    std::string name;
    std::vector<LineDifference> lines;
    friend bool operator==(const TextDifference&, const TextDifference&) = default;
};

/// What two cards differ in, as far as a running board could tell: not in unused blocks, in what lies between
/// partitions, or in where a file's blocks are.
struct CardDifferences {
    std::string a;  ///< as in the request: of a manifest without a path its name, or "manifest"
    std::string b;
    std::vector<ValueDifference> card;            ///< "size", "partition table", "disk signature", ...
    std::vector<PartitionDifference> partitions;  ///< by number
    std::vector<FileDifference> files;            ///< by partition and path
    std::uint64_t left_out = 0;                   ///< differences of files beyond the 100,000 that are kept
    std::vector<RegionDifference> memory;
    std::vector<TextDifference> texts;
    std::vector<Diagnostic> findings_gone;   ///< that only A has
    std::vector<Diagnostic> findings_added;  ///< that only B has
    std::vector<std::string> notes;          ///< what could not be compared

    bool equal() const noexcept {
        return card.empty() && partitions.empty() && files.empty() && left_out == 0 && memory.empty() &&
               texts.empty() && findings_gone.empty() && findings_added.empty();
    }
    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};

/// Reads both cards, of manifests their plans. Keeps some 200 bytes for each file of either card, and 100,000
/// differences. Throws as check(); Error{usage} for a side that is not given.
RPIXEN_API CardDifferences diff(const DiffRequest& request, const Supervision& supervision = {});

}  // namespace rpixen
