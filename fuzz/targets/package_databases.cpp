#include "fuzz/foreign_bytes.hpp"
#include "fuzz/target.hpp"
#include "release/cyclonedx.hpp"
#include "release/packages/installed_packages.hpp"
#include "release/spdx.hpp"

namespace rpixen::fuzz {

/// The files of a root file system that tell of its packages, and the documents that are made of them.
void package_databases(ByteView input) {
    const FileTree root = tree_of(files_of(input));
    PackageList list = installed_packages(root);
    ReleaseFacts facts;
    facts.packages = std::move(list.packages);
    facts.package_notes = std::move(list.notes);
    facts.distribution = distribution_of(root);
    spdx_json(facts);
    cyclonedx_json(facts);
}

}  // namespace rpixen::fuzz
