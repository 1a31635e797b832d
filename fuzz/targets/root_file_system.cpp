#include "artifact/ingest_root.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "verify/recorded_digests.hpp"

namespace rpixen::fuzz {

void root_file_system(ByteView input) {
    const auto file = file_of(input);
    ArtifactReference layer;
    layer.path = "rootfs";
    layer.resolved = "/proc/self/fd/" + std::to_string(file->descriptor());
    DigestStore store("input");
    ingest_root({layer}, store, {}, CancelToken());
}

}  // namespace rpixen::fuzz
