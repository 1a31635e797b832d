#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "artifact/image_files.hpp"

namespace rpixen {

/// A container image: its layers, the lowest first. Digests are lower-case hexadecimal SHA-256.
struct ContainerImage {
    struct Layer {
        std::string file;                    ///< its name in the image's files
        std::optional<std::string> digest;   ///< of the file as it lies there
        std::optional<std::string> diff_id;  ///< of the tar that it unpacks to
        std::optional<std::uint64_t> size;   ///< of the file, bytes
    };
    std::vector<Layer> layers;
    std::string name;          ///< its tag; may be empty
    std::string architecture;  ///< "arm64"; empty where the image does not say
};

/// Reads what an image says of itself and proves the digests of its index, manifest and configuration. Of
/// several images the one for linux/arm64 is taken. `name` is for messages. Facts: OCI image-spec 1.1
/// (image-layout.md, image-index.md, manifest.md, config.md); Docker's image tarball ("manifest.json"; moby
/// image/tarexport). Throws Error{artifact}: no image, several, a blob that is missing or not what its digest
/// says, named in Location::pointer.
ContainerImage read_image_manifest(const ImageFiles& files, const std::string& name);

/// Throws Error{artifact} where a file of the image `name` has another digest.
void check_blob(const std::string& expected, const std::string& found, const std::string& name,
                const std::string& file);

}  // namespace rpixen
