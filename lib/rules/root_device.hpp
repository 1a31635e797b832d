#pragma once

#include <string>
#include <vector>

#include "rules/scenario.hpp"

namespace rpixen {

/// What a name of the root device means on this card: root= or the first field of /etc/fstab's line for "/".
struct RootDevice {
    bool of_card = false;     ///< it names a partition of the card, there or not; otherwise the network, USB ...
    bool whole_card = false;  ///< "/dev/mmcblk0": no partition
    const PartitionFacts* partition = nullptr;  ///< null where the card has none of that name
    std::vector<std::string> names;             ///< what the card's partitions are called in that way
};

/// Knows PARTUUID=, UUID=, LABEL= and /dev/mmcblkNpM. Linux init/do_mounts.c name_to_dev_t(); UUID= and LABEL=
/// are an initrd's.
RootDevice root_device(const DiskFacts& facts, const std::string& name);

/// Whether the root file system that was looked into is the one that dom0 is told to mount.
bool is_root_of_dom0(const BootScenario& scenario);

}  // namespace rpixen
