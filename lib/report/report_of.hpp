#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <rpixen/manifest.hpp>
#include <rpixen/report.hpp>

#include "artifact/artifact_set.hpp"
#include "artifact/root_file_system.hpp"
#include "boot/boot_plan.hpp"
#include "card/card.hpp"
#include "rules/scenario.hpp"

namespace rpixen {

/// Partitions and files of a card, and what is damaged in it. `list_root`: also the files of other file
/// systems than the boot partition's.
Report report_of(const Card& card, bool list_root = true);

/// What a card starts, planned or read.
std::vector<ReportDomain> domains_of(const BootScenario& scenario);

/// Memory map, script and config.txt.
void add_boot_plan(Report& report, const BootPlan& boot);

/// "Xen 4.17.5", "dom0 kernel 6.1.0-37-arm64, 32956352 bytes", ...
std::vector<std::string> facts_of(const Manifest& manifest, const ArtifactSet& artifacts, const BootPlan& boot);

/// Every input that the manifest names, with what was found out about it. `digests`: by resolved path, of those that
/// `artifacts` does not have; may lack any.
std::vector<ReportArtifact> artifacts_of(const Manifest& manifest, const ArtifactSet& artifacts,
                                         const std::map<std::string, std::string>& digests);

/// Each input's path and its SHA-256 where it was computed.
std::vector<std::pair<std::string, std::string>> inputs_of(const ArtifactSet& artifacts, const RootFileSystem& root);

}  // namespace rpixen
