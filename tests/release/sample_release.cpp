#include "release/sample_release.hpp"

namespace rpixen::test {
namespace {

ReportArtifact artifact(const std::string& role, const std::string& path, const std::string& version,
                        const std::string& name, std::uint64_t size = 1000) {
    ReportArtifact made;
    made.role = role;
    made.path = path;
    made.version = version;
    made.name = name;
    made.size = size;
    made.sha256 = std::string(63, '1') + static_cast<char>('a' + role.size() % 6);
    made.is_folder = role == "firmware";
    made.packing = role == "kernel" ? "gzip" : "none";
    return made;
}

}  // namespace

ReleaseFacts sample_release() {
    ReleaseFacts facts;
    facts.name = "dom0 image";
    facts.card.time = 1'700'000'000;  // 2023-11-14T22:13:20Z
    facts.card.artifacts = {
        artifact("xen", "in/xen.gz", "Xen 4.17.5", "/xen-raspberrypi4-64"),
        artifact("kernel", "in/vmlinuz", "6.1.0-37-arm64", "/Image"),
        artifact("initrd", "in/initrd.img", "", "/initrd.img"),
        artifact("xsm_policy", "in/xenpolicy", "", "/xenpolicy"),
        artifact("dtb", "in/bcm2711-rpi-4-b.dtb", "", "/bcm2711-rpi-4-b.dtb"),
        artifact("uboot", "in/u-boot.bin", "U-Boot 2023.01+dfsg-2+deb12u1 (Jul 02 2023 - 12:00:00 +0000)",
                 "/u-boot.bin"),
        artifact("firmware", "in/firmware", "2023-04-05", "", 0),
        artifact("rootfs", "in/rootfs.tar.zst", "", ""),
        artifact("overlay", "in/mine.dtbo", "", "/overlays/mine.dtbo"),
        artifact("file", "in/hostname", "", "/etc/hostname"),
        artifact("file", "in/hostname", "", "/etc/mailname"),
    };
    facts.distribution = {"debian", "12", "Debian GNU/Linux 12 (bookworm)"};
    facts.packages = {
        {"apk", "musl", "1.2.4-r2", "aarch64", "", "", "MIT", "Somebody <s@example.org>"},
        {"deb", "libc6", "2.36-9+deb12u10", "arm64", "glibc", "", "", "GNU Libc Maintainers <g@example.org>"},
        {"deb", "linux-image-6.1.0-37-arm64", "6.1.140-1", "arm64", "linux-signed-arm64", "6.1.140+1", "", ""},
        {"deb", "login", "1:4.13+dfsg1-1", "arm64", "shadow", "", "", ""},
        {"opkg", "busybox", "1.36.1-r0", "cortexa72", "busybox_1.36.1.bb", "", "GPL-2.0-only & bzip2-1.0.4", ""},
        {"rpm", "bash", "1:5.2.15-1.fc38", "aarch64", "", "", "GPL-3.0-or-later", "Fedora Project"},
    };
    facts.image = {"dom0 image.img", 536'870'912, std::string(64, 'a')};
    facts.download = {"dom0 image.img.zst", 123'456'789, std::string(64, 'b')};
    facts.block_map = "dom0 image.img.bmap";
    facts.url = "https://example.org/cards/";
    facts.tool_version = "0.1.0";
    return facts;
}

FileTree tree_of(const std::vector<std::pair<std::string, std::string>>& files) {
    FileTree tree;
    for (const auto& [path, text] : files) tree.add_file(tree.locate(path), {}, memory_content(text, path));
    return tree;
}

std::vector<std::string> lines_of(const std::vector<InstalledPackage>& packages) {
    std::vector<std::string> lines;
    for (const InstalledPackage& package : packages)
        lines.push_back(package.manager + " " + package.name + " " + package.version + " " + package.architecture);
    return lines;
}

}  // namespace rpixen::test
