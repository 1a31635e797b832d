#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error. Callbacks: `confirm` is called at most once, in the
// calling thread, and may throw, which is then what the call throws; for the progress see progress.hpp.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/compose.hpp>
#include <rpixen/progress.hpp>

namespace rpixen {

/// A whole disk of this machine.
struct FlashDisk {
    std::string path;        ///< "/dev/sdb"
    std::string model;       ///< as the disk says it; may be empty
    std::uint64_t size = 0;  ///< bytes; 0 for a reader without a card
    bool removable = false;  ///< a card, or what hangs on USB
    std::string refusal;     ///< why nothing is written to it ("sdb1 is mounted at /media/card"); or empty

    /// Whether it is written to without being insisted on.
    bool candidate() const { return removable && refusal.empty(); }
};

/// The disks that a card can be in, and those that it is not.
struct FlashDisks {
    std::vector<FlashDisk> disks;  ///< by path; without loop devices, RAM disks and the like

    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};
/// Looks into /sys/block, /proc/self/mountinfo and /proc/swaps; opens no disk. Throws Error{io}.
RPIXEN_API FlashDisks candidates();

struct FlashRequest : PlanRequest {
    /// An image (raw or compressed, or a device), or a manifest, told apart by content; empty: the `manifest` of the
    /// base.
    std::string subject;
    std::string device;       ///< "/dev/sdb"
    bool skip_equal = false;  ///< read first what the card holds, and write only what differs
    /// The user insists: a disk that is not removable is written to as well, as long as nothing uses it.
    bool insisted = false;
    /// Asked before the first byte is written; false stops the run. Without it nobody is asked.
    std::function<bool(const FlashDisk&)> confirm;
};

/// What was written to a card, read back and found equal.
struct FlashResult {
    FlashDisk disk;
    std::uint64_t image_size = 0;  ///< bytes
    std::uint64_t mapped = 0;      ///< bytes of it that matter to the card
    /// How that is known: "plan" (from a manifest), "block map", "file systems", or "nothing" (all of it).
    std::string known_by;
    std::uint64_t written = 0;            ///< bytes: less with skip_equal
    std::uint64_t verified = 0;           ///< bytes that were read back
    std::vector<Diagnostic> diagnostics;  ///< of a manifest's card
    std::vector<std::string> notes;

    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;
};

/// Writes a card and proves it by reading it back. The device has to be a whole disk that nothing uses: no file system
/// on it is mounted, no swap and no other device lies on it, the running system neither; and it has to be removable,
/// or insisted on.
///
/// An image's file systems, or a block map beside it (NAME.img.bmap for NAME.img and NAME.img.zst), tell which bytes
/// matter. A manifest is composed first, into a file without a name; a root partition of size "fill" then ends with
/// the card.
///
/// Throws Error{usage}: the device must not be written to; Error{unfit}: it is too small, or a manifest's card cannot
/// boot; Error{artifact}: the image is not what its block map says; Error{io}: the card fails or does not keep what it
/// is given; Error{cancelled}, also where `confirm` says no. Once writing has begun, a card that was not written to its
/// end, or is not found equal, starts nothing and says so in its first sector.
RPIXEN_API FlashResult flash(const FlashRequest& request, const Supervision& supervision = {});

}  // namespace rpixen
