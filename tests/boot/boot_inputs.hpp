#pragma once

#include <rpixen/diagnostic.hpp>
#include <rpixen/manifest.hpp>

#include "artifact/artifact_set.hpp"
#include "boot/plan_boot.hpp"
#include "devicetree/device_tree.hpp"

namespace rpixen::test {

/// Bytes that exist only as a size, so that an 80 MiB kernel costs nothing.
Content hollow(std::uint64_t size);

/// A manifest with its artifacts in memory: a small Raspberry Pi 4 tree, Xen 4.17 of 1 MiB, Linux 6.1 of
/// `kernel_size` bytes, U-Boot 2023.01 with the environment of its time, the built-in overlay.
struct BootInputs {
    Manifest manifest;
    ArtifactSet artifacts;

    explicit BootInputs(std::uint64_t kernel_size = 15 * MiB);
    BootPlan plan(const std::vector<std::string>& allow = {}) const;

    void set_tree(const std::string& source, bool symbols = false);
    /// One more, for another board.
    void add_tree(const std::string& source, bool symbols = false);
    void set_overlays(const std::vector<std::pair<std::string, std::string>>& names_and_sources);
    void add_overlay(const std::string& name, Bytes bytes);
    void set_initrd(std::uint64_t size);
    /// Release and the environment that goes with it.
    void set_uboot(int year, int month);
};

const BootFile* find_file(const BootPlan& plan, std::string_view path);
/// The bytes of a boot file; empty where it is not there.
Bytes bytes_of(const BootPlan& plan, std::string_view path);
/// What the judge says of a card with this boot partition and a sound root file system.
std::vector<Diagnostic> diagnostics_of(const BootPlan& plan);
std::vector<std::string> ids_of(const std::vector<Diagnostic>& diagnostics);

}  // namespace rpixen::test
