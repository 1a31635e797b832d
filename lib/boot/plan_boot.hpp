#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "boot/boot_plan.hpp"

namespace rpixen {

/// Decides everything of the boot partition: places, the device tree, boot.scr, config.txt. Pure: reads the
/// contents of the small artifacts (device tree, overlays), nothing else. `time` (seconds since 1970) stamps
/// boot.scr's header.
///
/// Decides and does not judge: whether the card would boot is seen once it is whole (follow/survey.hpp).
/// Throws Error{unfit} where nothing can be decided: no memory left, an overlay that cannot be applied, text
/// that the script cannot hold; Error{artifact} for a damaged device tree.
///
/// `allow` holds ids of diagnostics that shall not stop: "dom0-reg-too-small" leaves an overlay's own reg of
/// dom0's kernel as it is, "overlay-no-room" makes no room. Both make cards that fail on purpose.
BootPlan plan_boot(const Manifest& manifest, const ArtifactSet& artifacts, std::uint32_t time,
                   const std::vector<std::string>& allow = {});

}  // namespace rpixen
