#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "boot/boot_plan.hpp"
#include "boot/scenario.hpp"

namespace rpixen {

/// Ids for which plan_boot refuses a pinned address. With all of them allowed a map with collisions comes of
/// it, to be looked at.
inline constexpr std::array pinned_rules{
    "memory-overlap",
    "xen-reaches-next",
    "xen-misaligned",
    "dtb-misaligned",
    "load-over-armstub",
    "load-over-uboot",
    "module-in-reserved-memory",
    "load-beyond-low-memory",
};

/// Decides everything of the boot partition: places, the device tree, boot.scr, config.txt. Pure: reads the
/// contents of the small artifacts (device tree, overlays), nothing else. `time` (seconds since 1970) stamps
/// boot.scr's header.
///
/// What judge() says of the result is in BootPlan::diagnostics; whether it stops the composition is the
/// caller's business. Throws Error{unfit} where there is nothing to judge: pinned addresses that collide, no
/// memory left, an overlay that cannot be applied, text that the script cannot hold; Error{artifact} for a
/// damaged device tree.
///
/// `allow` holds ids of diagnostics that shall not stop: a pinned address then stands where it collides, and
/// "dom0-reg-too-small" leaves an overlay's own reg of dom0's kernel as it is. Both make cards that fail on
/// purpose.
BootPlan plan_boot(const Manifest& manifest, const ArtifactSet& artifacts, std::uint32_t time,
                   const std::vector<std::string>& allow = {});

}  // namespace rpixen
