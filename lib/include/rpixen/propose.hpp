#pragma once

// Threads: any number of calls may run at once, from any threads, as long as their outputs differ; what they take and
// give are values. A call returns after its own threads have ended. Exceptions: Error, and where the system gives no
// memory or no thread std::bad_alloc and std::system_error. Callbacks: those of progress.hpp alone.

#include <cstdint>
#include <string>
#include <vector>

#include <rpixen/export.h>
#include <rpixen/progress.hpp>

namespace rpixen {

/// A file or folder that was looked at.
struct FoundInput {
    std::string path;  ///< inside the folder
    std::string role;  ///< of a manifest ("xen", "kernel", "rootfs" ...); "prebuilt" for an image of a root file system
                       ///< that was not taken, "modules" for a layer of them, "dtb-of-family" for the tree of another
                       ///< board of the family; empty for the rest
    std::string what;  ///< "Xen 4.17.5", "a tar packed with zstd", ...
    bool taken = false;  ///< the proposed manifest names it
};

/// A manifest made of what a folder holds.
struct Proposal {
    std::string manifest;              ///< JSON with comments; parses where nothing is missing
    std::vector<FoundInput> found;     ///< sorted by path; what is another name of the same file is left out
    std::vector<std::string> missing;  ///< roles without which a card is not composed

    RPIXEN_API std::string text() const;
    RPIXEN_API std::string json() const;  ///< docs/cli.md
};

struct ProposeRequest {
    std::string folder;           ///< of a Yocto or Buildroot build, of downloads, of Debian's files
    std::string manifest_folder;  ///< where the manifest will lie: its paths are seen from there
};

/// Tells what each file of a folder is, by its content, and names those that a card needs, each with its SHA-256. Looks
/// at most 4 levels deep and at 20,000 files. Throws Error{artifact} for what is no folder, Error{io, cancelled}.
RPIXEN_API Proposal propose_manifest(const ProposeRequest& request, const Supervision& supervision = {});

}  // namespace rpixen
