// Writes the bills of materials and the imager's entry of made releases into a folder, for the oracles that read them.
// Usage: write_bills FOLDER ROOT: "root" is of a release whose root file system is the folder ROOT.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "artifact/folder_layer.hpp"
#include "release/cyclonedx.hpp"
#include "release/imager_entry.hpp"
#include "release/made_release.hpp"
#include "release/packages/installed_packages.hpp"
#include "release/packages/package_collector.hpp"
#include "release/sample_release.hpp"
#include "release/spdx.hpp"

namespace rpixen::test {
namespace {

/// Nothing is known but what always is.
ReleaseFacts bare_release() {
    const ReleaseFacts sample = sample_release();
    ReleaseFacts facts;
    facts.name = "bare";
    facts.image = facts.download = {"bare.img", 1024, sample.image.sha256};
    facts.block_map = "bare.img.bmap";
    facts.tool_version = sample.tool_version;
    return facts;
}

/// Texts that somebody made to do harm, as far as the readers of package databases let them through; digests are ours.
ReleaseFacts harmful_release() {
    ReleaseFacts facts = hostile_release();
    PackageCollector found(PackageLimits().found);
    for (const InstalledPackage& package : facts.packages) found.add(package);
    InstalledPackage odd{"deb", "a/../b?c#d@e%f", "1:2+~\"<>&", "x/y", "\x1b", "\xff", "MIT\n<b>", "\"\\ <a@b>"};
    found.add(odd);
    odd.manager = "rpm";
    found.add(odd);
    facts.packages = found.finish().packages;
    for (ReportArtifact& artifact : facts.card.artifacts) artifact.sha256 = sample_release().image.sha256;
    const std::string name = facts.distribution.name;
    facts.distribution = distribution_of(
        tree_of({{"/etc/os-release", "ID='" + name + "'\nVERSION_ID=" + name + "\nPRETTY_NAME=" + name}}));
    facts.image = sample_release().image;
    facts.download = sample_release().download;
    return facts;
}

ReleaseFacts release_of(const std::string& root) {
    FileTree tree;
    Layers layers(tree);
    layers.begin(root);
    add_folder(layers, root, {});
    layers.end();
    ReleaseFacts facts = sample_release();
    PackageList list = installed_packages(tree);
    facts.packages = std::move(list.packages);
    facts.package_notes = std::move(list.notes);
    facts.distribution = distribution_of(tree);
    return facts;
}

void write(const std::filesystem::path& place, const std::string& text) {
    std::ofstream(place, std::ios::binary) << text;
}

}  // namespace
}  // namespace rpixen::test

int main(int count, char** words) {
    using namespace rpixen;
    if (count != 3) return 2;
    const std::filesystem::path folder = words[1];
    const std::pair<const char*, ReleaseFacts> releases[]{{"sample", test::sample_release()},
                                                          {"made", test::made_release()},
                                                          {"hostile", test::harmful_release()},
                                                          {"bare", test::bare_release()},
                                                          {"root", test::release_of(words[2])}};
    for (const auto& [name, facts] : releases) {
        test::write(folder / (std::string(name) + ".spdx.json"), spdx_json(facts));
        test::write(folder / (std::string(name) + ".cdx.json"), cyclonedx_json(facts));
        test::write(folder / (std::string(name) + ".rpi-imager.json"), imager_entry_json(facts));
    }
}
