#pragma once

#include <cstdint>
#include <string>

#include <rpixen/error.hpp>
#include <rpixen/progress.hpp>

#include "card/card.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// Reads the tables, directories and inodes of an image; contents are read later, through the trees. A
/// compressed image is unpacked first (image_file.hpp). A damaged file system gives problems and as much of
/// its tree as can be read. Throws Error{artifact}: the file cannot be opened or unpacked, or holds neither a
/// partition table nor a known file system; Error{io, cancelled}.
Card read_card(const std::string& path, const Supervision& supervision = {},
               const std::string& scratch_folder = "/var/tmp");

/// As read_card(), for an image that is open already (a back end's output, a memfd).
Card read_card(const ContentSourcePtr& image, std::uint64_t size, const Supervision& supervision = {});

/// The first half of read_card(): the partition table, and what kind of file system each partition has.
Card read_partitions(const ContentSourcePtr& image, std::uint64_t size);
/// The second half: the trees of the file systems, and whether their structures are sound.
void read_file_systems(Card& card, const Supervision& supervision = {});

/// The same for a planned partition that holds a copied file system: its label, identifier and tree, read
/// from the content that will be copied.
void read_copied(Partition& partition, const Supervision& supervision = {});

}  // namespace rpixen
