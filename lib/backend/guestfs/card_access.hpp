#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "base/size.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// A partition of a card as the appliance's kernel and its programs see it.
struct AppliancePartition {
    int number = 0;  ///< from 1
    Range range;     ///< in the image, bytes
    std::uint8_t mbr_type = 0;
    bool active = false;
    std::string file_system;  ///< "vfat", "ext4", ...; empty: none that is known
    std::string label;
    std::string identifier;  ///< "DEAD-BEEF" or a UUID in lower case
};

/// A device, fifo or socket: GNU tar leaves sockets out and does not see that two names are one device or
/// fifo.
struct ApplianceSpecial {
    std::string path;  ///< absolute
    NodeType type = NodeType::socket;
    Metadata metadata;
    XattrSet xattrs;
    std::uint64_t inode = 0;  ///< the same for all names of one node
};

/// Cards in libguestfs' appliance, to be read only: an independent judge, since the kernel's own drivers read
/// them. Several cards share one start of the appliance; they are counted from 0.
class ApplianceCards {
  public:
    virtual ~ApplianceCards() = default;

    virtual const std::vector<std::string>& notes() const = 0;
    virtual std::uint32_t disk_signature(std::size_t card) = 0;
    virtual std::vector<AppliancePartition> partitions(std::size_t card) = 0;

    /// What fsck has to say; empty for a healthy file system. Nothing of it reaches the image.
    virtual std::string check_file_system(std::size_t card, const AppliancePartition& partition) = 0;

    /// Mounts the partition and streams it as a pax archive (names relative to "."): `consume` reads the pipe
    /// `descriptor` to its end, on a thread of its own. Throws Error{io} with the kernel's words where it
    /// cannot be mounted or read.
    virtual void stream_files(std::size_t card, const AppliancePartition& partition,
                              const std::function<void(int descriptor)>& consume) = 0;
    /// The devices, fifos and sockets of a partition; `known` is what stream_files() brought.
    virtual std::vector<ApplianceSpecial> specials(std::size_t card, const AppliancePartition& partition,
                                                   const FileTree& known) = 0;
};

/// Throws Error{unavailable, io, cancelled}. `supervision` outlives the result.
std::unique_ptr<ApplianceCards> open_in_appliance(const std::vector<std::string>& images,
                                                  const Supervision& supervision);

}  // namespace rpixen
