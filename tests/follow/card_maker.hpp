#pragma once

#include <map>
#include <string>

#include "support/temporary_folder.hpp"

namespace rpixen::test {

/// A card laid out by the field's own tools: sfdisk, mkfs.vfat, mtools, mke2fs.
struct CardRecipe {
    std::string table;                        ///< sfdisk's script
    std::uint64_t image_size = 0;             ///< bytes
    std::uint64_t fat_offset = 0;             ///< bytes
    std::uint64_t fat_size = 0;               ///< bytes
    std::uint64_t ext4_offset = 0;            ///< bytes
    std::uint64_t ext4_size = 0;              ///< bytes
    std::map<std::string, std::string> boot;  ///< path -> content
    std::map<std::string, std::string> root;  ///< path -> content
    unsigned sectors_per_cluster = 1;
};

/// Makes it and returns its path.
std::string make_card(const TemporaryFolder& folder, const CardRecipe& recipe);

/// boot.scr through mkimage.
std::string boot_scr(const TemporaryFolder& folder, const std::string& text);
/// uboot.env through mkenvimage.
std::string uboot_env(const TemporaryFolder& folder, const std::string& lines);
/// A compiled tree or overlay through dtc.
std::string compile_tree(const std::string& source);

/// An overlay as the Yocto recipe has it, with dom0's reg as given ("0x00480000 0x00f80000") and further
/// fragments.
std::string pi4_overlay(const std::string& reg, const std::string& xen_bootargs, const std::string& fragments = "");

/// A kernel's configuration that no rule complains of.
std::string kernel_config();

/// The files of a root file system of dom0 that no rule complains of.
std::map<std::string, std::string> good_root();

}  // namespace rpixen::test
