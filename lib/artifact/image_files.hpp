#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <rpixen/progress.hpp>

#include "storage/input_file.hpp"
#include "unpack/byte_stream.hpp"

namespace rpixen {

/// The files of a container image by the names that an OCI layout or `docker save` gives them.
class ImageFiles {
  public:
    virtual ~ImageFiles() = default;

    /// A small file as text; nothing where there is none of that name. Throws Error{io}.
    virtual std::optional<std::string> text(const std::string& name) const = 0;

    /// Where a file's bytes lie: a part of a file, or, where the archive around it is packed, a stream that
    /// is valid until the next one is asked for.
    struct Bytes {
        std::shared_ptr<const InputFile> file;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::unique_ptr<ByteStream> stream;
    };
    /// Throws Error{artifact} where there is no file of that name.
    virtual Bytes open(const std::string& name) = 0;
};

/// The image in a folder; nothing where the folder holds none: neither "oci-layout" and "index.json", nor the
/// "manifest.json" that `docker save` writes.
std::unique_ptr<ImageFiles> image_in_folder(const std::string& path);

/// The image in a tar, packed or not; nothing where it holds none. Looks at its members only as long as each
/// may be one of an image's. Throws Error{io, cancelled}.
std::unique_ptr<ImageFiles> image_in_tar(const std::shared_ptr<const InputFile>& file, bool packed,
                                         const Supervision& supervision);

}  // namespace rpixen
