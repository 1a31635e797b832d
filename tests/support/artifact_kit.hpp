#pragma once

#include <cstdint>
#include <string>

#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// Small artifacts that have every mark of real ones, made on the spot: enough to compose a card that every
/// tool reads, though none that boots.
class ArtifactKit {
  public:
    /// Writes xen, Image, bcm2711-rpi-4-b.dtb, u-boot.bin, firmware/, rootfs.tar and manifest.json into the
    /// folder.
    explicit ArtifactKit(const TemporaryFolder& folder);

    const std::string& manifest() const { return manifest_; }
    /// The manifest's text with a prebuilt root file system, which takes no wishes.
    std::string manifest_of_prebuilt(const std::string& image) const;

    /// An arm64 Image of `size` bytes whose header says `image_size`, with `text` somewhere inside.
    static std::string arm64_image(std::uint64_t size, std::uint64_t image_size, const std::string& text);
    static std::string kernel(std::uint64_t size = 3 << 20);
    static std::string xen();
    static std::string uboot(const std::string& version = "2023.01");
    /// A little device tree of the board, through dtc.
    static std::string device_tree();
    /// A small root file system as a tar, through Python's tarfile.
    static std::string root_tar();

  private:
    std::string manifest_;
};

}  // namespace rpixen::test
