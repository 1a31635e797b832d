#pragma once

#include <cstdint>

#include "base/digest.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// Digest of everything a tree says about its files but their data: paths, types, metadata, extended
/// attributes, sizes, runs, link structure. Independent of the order of insertion.
Sha256Digest digest_of(const FileTree& tree);

/// The identifiers of a card, all derived from one seed so that the same content gives the same card.
struct Identity {
    std::uint32_t disk_signature = 0;  ///< of the MBR; never 0
    std::uint32_t volume_id = 0;       ///< of the FAT
    Uuid root_uuid{};
    Uuid hash_seed{};  ///< of ext4's directory hash
};
Identity derive_identity(const Sha256Digest& seed);

}  // namespace rpixen
