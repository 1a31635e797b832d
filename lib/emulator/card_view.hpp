#pragma once

#include <string>
#include <vector>

#include <rpixen/progress.hpp>

#include "emulator/card_guests.hpp"
#include "storage/file_descriptor.hpp"

namespace rpixen {

/// A card as the emulator sees it: what the GPU's firmware would have loaded, and a throw-away copy-on-write
/// disk over the image, in unnamed files. The image itself is only read.
struct CardView {
    FileDescriptor image;
    FileDescriptor uboot;        ///< the file that config.txt's kernel= names
    FileDescriptor device_tree;  ///< what the firmware would hand to it, with the emulator's edits
    FileDescriptor disk;         ///< qcow2, a power of two in size, with the same edits in the FAT's device trees
    std::vector<std::string> edits;
    std::vector<CardGuest> guests;
};

/// Throws Error{artifact}: not a card image, or a file that config.txt names is missing; Error{io}.
CardView make_card_view(const std::string& image, const std::string& temporary_folder,
                        const Supervision& supervision = {});

}  // namespace rpixen
