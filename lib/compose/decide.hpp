#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <rpixen/compose.hpp>
#include <rpixen/manifest.hpp>

#include "artifact/root_file_system.hpp"
#include "boot/boot_plan.hpp"
#include "card/card.hpp"
#include "follow/check_card.hpp"
#include "storage/content_store.hpp"

namespace rpixen {

class CardReuse;

/// Where what a compressed root file system unpacks to is kept while one looks at it, in a file that never
/// gets a name.
inline constexpr const char* scratch_folder = "/var/tmp";

/// Everything that is decided before a byte is written.
struct Decision {
    std::string name;  ///< of the manifest
    BootPlan boot;
    Card card;
    CardCheck check;                                          ///< what the one judge says of the card
    std::vector<std::pair<std::string, std::string>> inputs;  ///< path, SHA-256 where it was computed
    std::vector<ReportArtifact> artifacts;
    std::string manifest_sha256;
    std::vector<std::string> facts;
    std::vector<std::string> notes;  ///< what was left out or changed on the way into the root file system
    std::int64_t time = 0;
};

/// From the manifest to the complete plan. `output` (may be empty) is refused where it is one of the inputs. `root`:
/// the root file system where `reuse` has taken it over; both may be nothing. Diagnostics stop nothing here; see
/// refusal(). Throws Error{artifact, unfit, usage, io, cancelled}.
Decision decide(const Manifest& manifest, const PlanRequest& request, const std::string& output, ContentStore& store,
                const Supervision& supervision, CardReuse* reuse = nullptr, std::optional<RootFileSystem> root = {});

/// Why the run must stop: every diagnostic that is not allowed. Empty: it need not.
std::vector<Problem> refusal(const Decision& decision, const PlanRequest& request);

/// The decision as a document.
Report report_of(const Decision& decision, const PlanRequest& request);

}  // namespace rpixen
