#pragma once

#include <string>
#include <utility>
#include <vector>

#include <rpixen/report.hpp>

#include "artifact/artifact_set.hpp"
#include "boot/boot_plan.hpp"
#include "card/card.hpp"
#include "image/image_plan.hpp"

namespace rpixen {

/// Partitions and files of a planned image.
Report report_of(const ImagePlan& plan, bool list_root = true);

/// Partitions and files of an image that was read, and what is damaged in it.
Report report_of(const Card& card);

/// Memory map, script, config.txt and diagnostics.
void add_boot_plan(Report& report, const BootPlan& boot);

/// "Xen 4.17.5", "dom0 kernel 6.1.0-37-arm64, 32956352 bytes", ...
std::vector<std::string> facts_of(const ArtifactSet& artifacts, const BootPlan& boot);

/// Each input's path and its SHA-256 where it was computed.
std::vector<std::pair<std::string, std::string>> inputs_of(const ArtifactSet& artifacts);

}  // namespace rpixen
