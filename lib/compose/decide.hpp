#pragma once

#include <string>
#include <utility>
#include <vector>

#include <rpixen/compose.hpp>
#include <rpixen/manifest.hpp>

#include "boot/boot_plan.hpp"
#include "image/image_plan.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

/// Everything that is decided before a byte is written.
struct Decision {
    std::string name;  ///< of the manifest
    BootPlan boot;
    ImagePlan image;
    std::vector<std::pair<std::string, std::string>> inputs;  ///< path, SHA-256 where it was computed
    std::vector<std::string> facts;
    std::vector<std::string> notes;  ///< what was left out or changed on the way into the root file system
    std::int64_t time = 0;
    /// Why this cannot be composed, beside the diagnostics: pinned addresses that collide.
    std::vector<Problem> collisions;
};

/// Reads a manifest file. Throws Error{manifest}, Error{io}.
Manifest load_manifest(const std::string& path);

/// From the manifest to the complete plan. `output` (may be empty) is refused where it is one of the inputs.
/// Neither diagnostics nor pinned addresses that collide stop anything here; see refusal(). Throws
/// Error{artifact, unfit, usage, io, cancelled}.
Decision decide(const Manifest& manifest, const PlanRequest& request, const std::string& output,
                ContentStore& store, const Supervision& supervision);

/// Why the run must stop: collisions, and every diagnostic that is not allowed. Empty: it need not.
std::vector<Problem> refusal(const Decision& decision, const PlanRequest& request);

/// The decision as a document.
Report report_of(const Decision& decision, bool list_root = true);

}  // namespace rpixen
