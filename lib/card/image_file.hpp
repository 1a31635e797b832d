#pragma once

#include <memory>
#include <string>

#include <rpixen/progress.hpp>

#include "storage/input_file.hpp"
#include "unpack/packing.hpp"

namespace rpixen {

/// An image file, or the disk that a card is, ready for reading at any place.
struct ImageFile {
    std::shared_ptr<const InputFile> file;  ///< as it is, or unpacked
    Packing packing = Packing::plain;       ///< of the file that was named
};

/// Opens an image; a compressed one (gzip, xz, zstd, bzip2, lz4) is unpacked into a file without a name in
/// `scratch_folder` (in memory where that cannot be written), with holes for runs of zeros. Throws
/// Error{artifact}: missing, neither a regular file nor a disk, damaged, more than 1 TiB; Error{io, cancelled}.
ImageFile open_image_file(const std::string& path, const std::string& scratch_folder, const Supervision& supervision);

}  // namespace rpixen
