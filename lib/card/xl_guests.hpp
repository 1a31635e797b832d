#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "tree/file_tree.hpp"

// Guests that dom0's xl starts: files of the root file system. Facts: xl.cfg(5), xl-disk-configuration(5),
// xl-network-configuration(5), /etc/xen/auto of Xen's xendomains.

namespace rpixen {

/// The text of /etc/xen/NAME.cfg.
std::string xl_configuration(const Guest& guest, const std::optional<Network>& network);

/// Puts them onto the root file system, over what the layers bring: /etc/xen/NAME.cfg, a link to it in /etc/xen/auto,
/// /var/lib/xen/images/NAME/, and the drivers that dom0 then needs where systemd loads them by a list. `time` in
/// seconds since 1970. Throws Error{artifact} where the layers leave no place for them.
void add_xl_guests(const Manifest& manifest, const ArtifactSet& artifacts, FileTree& root, std::int64_t time);

/// Puts the bridge onto the root file system, for what configures its network: ifupdown, systemd-networkd or start
/// scripts
/// (/etc/init.d/S*). Throws Error{unfit} where none of them is known in the tree.
void add_bridge(const Network& network, FileTree& root, std::int64_t time);

}  // namespace rpixen
