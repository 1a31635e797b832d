#include "release/made_release.hpp"

#include "base/size.hpp"

namespace rpixen::test {
namespace {

std::string digest(char digit) {
    std::string text = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    text[0] = digit;
    return text;
}

ReportPartition partition(unsigned number, const std::string& name, const std::string& type,
                          const std::string& system) {
    ReportPartition made;
    made.number = number;
    made.name = name;
    made.type = type;
    made.file_system = system;
    made.label = number == 1 ? "BOOT" : "root";
    made.active = number == 1;
    made.uuid = number == 1 ? "5C3A-91B2" : "0b1f6c1e-8a44-5a77-8a3c-5f1f2d1c7a10";
    made.offset = number == 1 ? 4 * MiB : 260 * MiB;
    made.size = number == 1 ? 256 * MiB : 524 * MiB;
    made.used = number == 1 ? 83 * MiB : 331 * MiB;
    made.entries = number == 1 ? 41 : 14213;
    return made;
}

std::vector<ReportRegion> regions() {
    return {{"firmware's spin table", "reserved", 0, 0x1000, false, "", 0, "other"},
            {"overlay scratch", "placed", 0x18000, 0x19000, false, "", 0, "overlay"},
            {"Xen", "placed", 0x200000, 0x360000, false, "", 0, "xen"},
            {"dom0 kernel", "placed", 0x480000, 0x2480000, true, "", 0, "kernel"},
            {"U-Boot's scriptaddr", "window", 0x2400000, 0x2410000, false, "", 0, "other"},
            {"device tree", "placed", 0x2600000, 0x260c000, false, "memory-overlap", 0x2400000, "device_tree"},
            {"initrd", "placed", 0x2700000, 0x2fc0000, false, "", 0, "initrd"},
            {"U-Boot (run time)", "reserved", 0x37400000, 0x3b400000, false, "", 0, "other"}};
}

std::vector<ReportArtifact> artifacts() {
    return {{"xen", "xen-4.17-arm64.gz", digest('1'), "Xen 4.17.5", 1048576, "gzip", "/xen-raspberrypi4-64"},
            {"kernel", "vmlinuz-6.1.0-37-arm64", digest('2'), "6.1.0-37-arm64", 33049136, "none", "/Image"},
            {"initrd", "initrd.img", digest('3'), "", 9175040, "none", "/initrd.img"},
            {"dtb", "bcm2711-rpi-4-b.dtb", digest('4'), "", 53248, "none", "/bcm2711-rpi-4-b.dtb"},
            {"uboot", "u-boot.bin", digest('5'), "U-Boot 2023.01+dfsg-2+deb12u1", 620312, "none", "/u-boot.bin"},
            {"firmware", "firmware", digest('6'), "", 0, "none", ""},
            {"rootfs", "rootfs.tar.zst", digest('7'), "", 118217728, "zstd", ""}};
}

std::vector<Diagnostic> diagnostics() {
    Diagnostic warning;
    warning.id = "dom0-mem-excludes-boards";
    warning.severity = Severity::warning;
    warning.message = "a Raspberry Pi 4 with 1 GiB cannot give dom0 what it asks for";
    warning.found = "dom0_mem=1GiB";
    warning.allowed = "at most 848 MiB on that board";
    warning.why = "Xen keeps memory for itself and maps dom0's one to one.";
    warning.change = "write \"dom0_mem\": \"auto\"";
    Diagnostic note;
    note.id = "xen-debug-console";
    note.severity = Severity::note;
    note.message = "Xen's console waits for every character that it prints";
    note.found = "sync_console";
    return {warning, note};
}

std::vector<InstalledPackage> packages() {
    std::vector<InstalledPackage> made;
    const char* const names[] = {
        "adduser",        "apt",     "base-files",
        "bash",           "busybox", "dpkg",
        "libc6",          "libssl3", "systemd",
        "xen-utils-4.17", "zlib1g",  "very-long-package-name-of-a-team-that-likes-to-say-everything-dev"};
    for (const char* name : names)
        made.push_back({"deb", name, "1:2.36-9+deb12u10+really~bpo12+1", "arm64", "", "", "", "Debian"});
    return made;
}

}  // namespace

ReleaseFacts made_release() {
    ReleaseFacts facts;
    facts.name = "debian-bookworm";
    Report& card = facts.card;
    card.name = facts.name;
    card.size = 784 * MiB;
    card.table = "mbr";
    card.disk_signature = "0x4a7be912";
    card.time = 1764144000;
    card.partitions = {partition(1, "boot", "0x0c", "fat32"), partition(2, "root", "0x83", "ext4")};
    card.memory = regions();
    card.config_txt = "arm_64bit=1\nkernel=u-boot.bin\nenable_uart=1\n";
    card.script = "setenv xen_addr 0x200000\nload mmc 0:1 ${xen_addr} xen-raspberrypi4-64 || echo no Xen\n";
    card.diagnostics = diagnostics();
    card.notes = {"the root file system's newest time is taken as the card's", "firmware: 3 files are not used"};
    card.boards = {{1 * GiB, 1 * GiB, 848 * MiB, false}, {4 * GiB, 1 * GiB, 3 * GiB, true}};
    card.artifacts = artifacts();
    card.manifest_sha256 = digest('8');
    card.image_sha256 = digest('9');
    facts.manifest = "{\n  \"manifest_version\": 1,\n  \"name\": \"debian-bookworm\"\n}\n";
    facts.distribution = {"debian", "12", "Debian GNU/Linux 12 (bookworm)"};
    facts.packages = packages();
    facts.package_notes = {"/var/lib/rpm/rpmdb.sqlite is damaged: its packages are left out"};
    facts.image = {"debian-bookworm.img", card.size, card.image_sha256};
    facts.download = {"debian-bookworm.img.zst", 134217728, digest('a')};
    facts.block_map = "debian-bookworm.img.bmap";
    facts.url = "https://cards.example.org/2026-11/";
    facts.tool_version = "0.1.0";
    return facts;
}

const char* const
    hostile = "</style></pre><script src=//evil.example/a>'\"`{{name}}&\xff\x1b<img src=x onerror=y>\xe2\x80\xae";

ReleaseFacts hostile_release() {
    ReleaseFacts facts = made_release();
    facts.name = facts.tool_version = facts.manifest = facts.block_map = hostile;
    facts.url = "https://cards.example.org/\"><script>";
    facts.distribution = {hostile, hostile, hostile};
    for (ReleaseFile* file : {&facts.image, &facts.download}) file->name = file->sha256 = hostile;
    for (InstalledPackage& package : facts.packages)
        package = {hostile, hostile, hostile, hostile, hostile, hostile, hostile, hostile};
    facts.package_notes = {hostile};
    Report& card = facts.card;
    card.name = card.disk_signature = card.script = card.config_txt = card.not_followed = card.manifest_sha256 = hostile;
    card.notes = {hostile};
    for (ReportPartition& each : card.partitions)
        each.name = each.label = each.type = each.file_system = each.uuid = hostile;
    for (ReportRegion& region : card.memory) region.name = region.moved_by = hostile;
    for (ReportArtifact& artifact : card.artifacts)
        artifact.path = artifact.sha256 = artifact.packing = artifact.name = artifact.version = hostile;
    for (Diagnostic& diagnostic : card.diagnostics)
        diagnostic.message = diagnostic.found = diagnostic.allowed = diagnostic.why = diagnostic.change = hostile;
    return facts;
}

}  // namespace rpixen::test
