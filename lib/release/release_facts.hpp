#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <rpixen/release.hpp>

namespace rpixen {

/// What the names of its files end with, after the release's own name.
inline constexpr std::string_view image_suffix = ".img";
inline constexpr std::string_view block_map_suffix = ".img.bmap";
inline constexpr std::string_view report_suffix = ".report.json";
inline constexpr std::string_view spdx_suffix = ".spdx.json";
inline constexpr std::string_view cyclonedx_suffix = ".cdx.json";
inline constexpr std::string_view statement_suffix = ".intoto.jsonl";
inline constexpr std::string_view imager_suffix = ".rpi-imager.json";
inline constexpr std::string_view page_suffix = ".html";

/// A package that the root file system's own package database lists as installed. Texts are empty where the database
/// does not say.
struct InstalledPackage {
    std::string manager;  ///< "deb", "opkg", "rpm" or "apk"
    std::string name;
    std::string version;  ///< as that package manager compares it, epoch and revision included
    std::string architecture;
    std::string source;          ///< the source package, where it has another name
    std::string source_version;  ///< where it differs
    std::string licence;         ///< as the database writes it
    std::string maintainer;
};

/// What the root file system's /etc/os-release says; texts are empty where it does not.
struct Distribution {
    std::string id;       ///< "debian"
    std::string version;  ///< VERSION_ID, "12"
    std::string name;     ///< PRETTY_NAME
};

/// All that the documents of a release are made of: they are pure functions of this value.
struct ReleaseFacts {
    std::string name;      ///< the manifest's, of which all file names are made
    Report card;           ///< as compose() gave it, with artifacts, findings and the time
    std::string manifest;  ///< the manifest in its one form (manifest_json())
    Distribution distribution;
    std::vector<InstalledPackage> packages;  ///< sorted by manager, name, version, architecture
    std::vector<std::string> package_notes;  ///< what of the root's package databases could not be read
    ReleaseFile image;                       ///< NAME.img, as it is written to a card
    ReleaseFile download;      ///< what people download: NAME.img.zst; the same as `image` where nothing is compressed
    std::string block_map;     ///< "NAME.img.bmap"
    std::string url;           ///< where the files will lie, ending with '/'; empty: not known
    std::string tool_version;  ///< of this library
};

}  // namespace rpixen
