#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/budget.hpp"
#include "base/size.hpp"
#include "release/release_facts.hpp"
#include "tree/file_tree.hpp"

namespace rpixen {

/// What the package databases of one root file system may take, all of them together; the whole of Debian has 70,000
/// packages. docs/limits.md has the numbers.
struct PackageLimits {
    Budget found{.of = "package databases", .steps = 100'000, .bytes = 32 * MiB};  ///< records; text that is kept
    std::uint64_t database = 128 * MiB;                                            ///< the size of one, bytes
};

/// What the package databases of a root file system list as installed.
struct PackageList {
    std::vector<InstalledPackage> packages;  ///< sorted by manager, name, version, architecture; each once
    std::vector<std::string> notes;          ///< what of the databases could not be read, a sentence each
};

/// Reads the databases of dpkg, opkg, apk and rpm where they are in the tree (docs/release.md lists the places),
/// symlinks followed inside it. Of a damaged or too large one it gives what could be read, and a note. Throws
/// Error{io}.
PackageList installed_packages(const FileTree& root, const PackageLimits& limits = {});

/// What /etc/os-release says, or /usr/lib/os-release (os-release(5)); nothing where there is none. Throws Error{io}.
Distribution distribution_of(const FileTree& root);

}  // namespace rpixen
