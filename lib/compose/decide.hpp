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
    std::int64_t time = 0;
};

/// Reads a manifest file. Throws Error{manifest}, Error{io}.
Manifest load_manifest(const std::string& path);

/// From the manifest to the complete plan. `output` (may be empty) is refused where it is one of the inputs.
/// Diagnostics stop nothing here; see refuse_stopping(). Throws Error{artifact, unfit, usage, io, cancelled}.
Decision decide(const Manifest& manifest, const PlanRequest& request, const std::string& output,
                ContentStore& store, const Supervision& supervision);

/// Throws Error{unfit} with every diagnostic that must stop the run.
void refuse_stopping(const std::vector<Diagnostic>& diagnostics, const PlanRequest& request);

/// The decision as a document.
Report report_of(const Decision& decision);

}  // namespace rpixen
