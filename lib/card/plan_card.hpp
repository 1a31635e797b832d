#pragma once

#include <cstdint>

#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "artifact/root_file_system.hpp"
#include "boot/boot_plan.hpp"
#include "card/card.hpp"

namespace rpixen {

/// Where the root partition begins (bytes): known from the manifest alone, so that streamed data can be
/// placed early.
std::uint64_t root_partition_offset(const Manifest& manifest);

/// How large an image can be that fills a card of `card_size` bytes: whole MiB, as far as its partition table reaches.
std::uint64_t largest_image(std::uint64_t card_size);

/// Lays out the card: partitions, one file tree each, every identifier. Pure; takes over `root`'s tree.
/// `time` (seconds since 1970) stamps the boot partition's files and what the composer itself
/// makes. Throws Error{unfit} where something does not fit, Error{manifest} for wishes that contradict each
/// other, Error{artifact} for extra files that collide.
Card plan_card(const Manifest& manifest, const ArtifactSet& artifacts, RootFileSystem&& root, const BootPlan& boot,
               std::int64_t time);

}  // namespace rpixen
