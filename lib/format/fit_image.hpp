#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/size.hpp"
#include "storage/content.hpp"

namespace rpixen {

/// One image inside a FIT.
struct FitPart {
    std::string name;
    std::string type;          ///< "kernel", "ramdisk", "flat_dt", "script", "loadable" ...
    std::string architecture;  ///< "arm64"
    std::string compression;   ///< "none", "gzip"; empty: none
    std::optional<std::uint64_t> load;
    Range data;  ///< bytes of the FIT file
};

struct FitConfiguration {
    std::string name;
    std::string kernel;
    std::string ramdisk;
    std::string tree;
    std::vector<std::string> loadables;
};

/// A flattened image tree, U-Boot's container of images: a device tree whose /images hold the data, inline or
/// behind the tree, and whose /configurations name what is started together.
/// Facts: U-Boot doc/usage/fit/source_file_format.rst; the Flattened Image Tree Specification.
struct FitImage {
    std::vector<FitPart> parts;
    std::vector<FitConfiguration> configurations;
    std::string default_configuration;

    const FitPart* find(const std::string& name) const;
    /// The one of that name, or the default one where the name is empty.
    const FitConfiguration* configuration(const std::string& name) const;
};

/// Nothing where the file is no device tree with /images, or is damaged. Data are not read. Throws Error{io}.
std::optional<FitImage> parse_fit_image(const Content& file);

}  // namespace rpixen
