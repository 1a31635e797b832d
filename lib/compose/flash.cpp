#include <rpixen/flash.hpp>

#include <sys/stat.h>

#include "base/host_signals.hpp"
#include "compose/flash_content.hpp"
#include "compose/subject.hpp"
#include "flash/block_device.hpp"
#include "flash/disks.hpp"
#include "flash/flash_card.hpp"

namespace rpixen {
namespace {

/// A card cannot be written from itself.
void check_is_not(const std::string& subject, const std::string& device) {
    struct stat from {};
    struct stat to {};
    if (::stat(subject.c_str(), &from) == 0 && ::stat(device.c_str(), &to) == 0 && S_ISBLK(from.st_mode) &&
        from.st_rdev == to.st_rdev)
        throw Error(ErrorCode::usage, "the image and the card are one device", device, "an image and another device");
}

}  // namespace

FlashDisks candidates() {
    return {read_disks({})};
}

FlashResult flash(const FlashRequest& request, const Supervision& supervision) {
    const FileSizeSignalHeld held;
    const bool composes = request.subject.empty() || is_manifest(request.subject);
    FlashResult result;
    result.disk = find_disk(request.device, {});
    check_disk(result.disk, request.insisted);
    check_is_not(request.subject, request.device);
    BlockDevice device(request.device);
    if (request.confirm && !request.confirm(result.disk))
        throw Error(ErrorCode::cancelled, "nothing was written to " + request.device);
    FlashContent content = composes ? content_of_manifest(
                                          request.subject.empty() ? request.manifest : ManifestSource(request.subject),
                                          request, device.size(), supervision)
                                    : content_of_image(request.subject, supervision);
    result.image_size = content.card.image.size;
    for (const Range& range : content.card.ranges) result.mapped += range.size();
    result.known_by = content.known_by;
    result.diagnostics = std::move(content.diagnostics);
    result.notes = std::move(content.notes);
    const CardWritten card = flash_card(device, content.card, request.skip_equal, supervision);
    result.written = card.written;
    result.verified = card.verified;
    return result;
}

}  // namespace rpixen
