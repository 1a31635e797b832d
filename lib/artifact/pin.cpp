#include "artifact/pin.hpp"

#include <algorithm>

#include <rpixen/error.hpp>

#include "base/size.hpp"

namespace rpixen {

Sha256Digest digest_of(const InputFile& file, const Supervision& supervision) {
    Bytes buffer(256 * KiB);
    Sha256 sha256;
    for (std::uint64_t done = 0; done < file.size();) {
        supervision.check();
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), file.size() - done));
        const MutableBytes part = MutableBytes(buffer).first(count);
        pread_exactly(file.descriptor(), done, part, file.name());
        sha256.update(part);
        done += count;
    }
    return sha256.finish();
}

void check_pin(const std::string& pinned, const Sha256Digest& digest, const std::string& name) {
    const std::string found = hex(digest);
    if (found != pinned)
        throw Error(ErrorCode::artifact, name + " is not the file that the manifest pins", "sha256 " + found,
                    "sha256 " + pinned, "fetch the right file, or correct the digest if the change was meant");
}

void check_folder_has_no_pin(const ArtifactReference& folder) {
    if (folder.sha256)
        throw Error(ErrorCode::artifact, "a folder has no digest", "sha256 for " + folder.path,
                    "sha256 for files only");
}

}  // namespace rpixen
