#include "manifest/manifest_paths.hpp"

#include <gmock/gmock.h>

#include <set>

namespace rpixen {
namespace {

// Every path begins with "@": what the list leaves out is seen.
const std::string every_path = R"({ "manifest_version": 1,
    "artifacts": { "xen": "@xen", "kernel": { "path": "@k" }, "initrd": "@i", "xsm_policy": "@p", "dtb": ["@d", "@e"],
                   "uboot": "@u", "firmware": "@f", "rootfs": ["@r", { "path": "@s" }] },
    "overlays": ["pi4-64-xen", "@/o.dtbo"],
    "files": [ { "partition": "root", "source": "@h", "target": "/h" },
               { "partition": "boot", "source": "/@abs", "target": "/n" } ] })";

TEST(ManifestPaths, AreAllOfThem) {
    Manifest manifest = parse_manifest(every_path, "m.json");
    std::multiset<std::string> roles;
    visit_paths(manifest, [&](std::string_view role, const std::string&, const std::string&) { roles.emplace(role); });
    EXPECT_EQ(roles, (std::multiset<std::string>{"xen", "kernel", "initrd", "xsm_policy", "dtb", "dtb", "uboot",
                                                 "firmware", "rootfs", "rootfs", "overlay", "file", "file"}));
    edit_paths(manifest, [](std::string_view, std::string& path, std::string&) { path.insert(0, "seen"); });
    const std::string json = manifest_json(manifest);
    std::size_t paths = 0;
    for (std::size_t place = json.find('@'); place != std::string::npos; place = json.find('@', place + 1), ++paths)
        EXPECT_TRUE(json.substr(0, place).ends_with("seen") || json.substr(0, place).ends_with("seen/"))
            << json.substr(place);
    EXPECT_EQ(paths, roles.size());
}

}  // namespace
}  // namespace rpixen
