#include <rpixen/manifest.hpp>

#include "artifact/examine_artifacts.hpp"
#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"

namespace rpixen::fuzz {

void artifacts(ByteView input) {
    const auto file = file_of(input);
    ArtifactReference artifact;
    artifact.path = "input";
    artifact.resolved = "/proc/self/fd/" + std::to_string(file->descriptor());
    Manifest manifest;
    manifest.xen = manifest.kernel = manifest.uboot = artifact;
    manifest.dtbs = {artifact};
    manifest.modules = {{"initrd", artifact}, {"xsm_policy", artifact}};
    manifest.overlays = {{"overlay", artifact.resolved, artifact.resolved, {}}};
    examine_artifacts(manifest, {});
}

}  // namespace rpixen::fuzz
