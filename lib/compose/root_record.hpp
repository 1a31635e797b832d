#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "storage/input_file.hpp"
#include "tree/file_tree.hpp"
#include "verify/verification_report.hpp"

namespace rpixen {

/// What a run keeps beside its image for a later one (docs/decisions/0014-reuse.md): what the layers of the root file
/// system were, the tree that they made, and which image has its data.
struct RootRecord {
    /// An input of the root file system, in the manifest's order.
    struct Input {
        std::string path;       ///< as the manifest has it: notes name it
        FileIdentity identity;  ///< without the device, whose number may change when the system starts
        std::string sha256;     ///< of the whole file; empty where nobody asked for it
    };

    FileIdentity image;  ///< as above
    /// Of the system's start, where the image was not brought to the disk: an image that a fallen system left with
    /// holes would still look the same. Empty: it was.
    std::string boot_id;
    std::uint64_t root_offset = 0;  ///< bytes: where the root partition begins in the image
    std::vector<Input> inputs;
    std::vector<std::string> notes;         ///< of the layers
    std::optional<std::uint64_t> prebuilt;  ///< the size of the ext4 image that the root is; otherwise `tree`
    std::vector<NodeId> lost;               ///< files whose data other files of the card took the place of
    FileDigests digests;                    ///< of files' contents, as far as a report took them
    Bytes tree;                             ///< what FileTree::keep() wrote, its places counted from `root_offset`
};

/// The bytes of a record: of this version, with a digest of all of them.
Bytes make_root_record(const RootRecord& record);
/// Throws Error{artifact}: damaged, or of another version.
RootRecord parse_root_record(ByteView bytes);

}  // namespace rpixen
