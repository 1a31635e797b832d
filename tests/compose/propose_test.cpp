#include <rpixen/propose.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include <rpixen/compose.hpp>
#include <rpixen/error.hpp>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace rpixen {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

/// Path, role, taken.
std::vector<std::tuple<std::string, std::string, bool>> roles(const Proposal& proposal) {
    std::vector<std::tuple<std::string, std::string, bool>> list;
    for (const FoundInput& input : proposal.found) list.emplace_back(input.path, input.role, input.taken);
    return list;
}

TEST(Propose, AFolderOfTheKitComposes) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    fs::remove(folder / "manifest.json");
    const Proposal proposal = propose_manifest({folder.path().string(), folder.path().string()});
    EXPECT_THAT(roles(proposal),
                ElementsAre(std::tuple("Image", "kernel", true), std::tuple("bcm2711-rpi-4-b.dtb", "dtb", true),
                            std::tuple("firmware", "firmware", true), std::tuple("rootfs.tar", "rootfs", true),
                            std::tuple("u-boot.bin", "uboot", true), std::tuple("xen", "xen", true)));
    EXPECT_THAT(proposal.missing, IsEmpty());
    const std::string digest = test::run({"sha256sum", folder / "xen"}).out.substr(0, 64);
    EXPECT_THAT(proposal.manifest, HasSubstr("\"sha256\": \"" + digest + '"'));
    folder.write("manifest.json", proposal.manifest);
    PlanRequest request;
    request.manifest = folder / "manifest.json";
    for (const Problem& problem : plan(request).refusal) ADD_FAILURE() << problem.text();
}

/// The manifest with its guest, whose lines are comments.
std::string with_guest(std::string manifest) {
    std::size_t at = manifest.find("  //, \"guests\"");
    EXPECT_NE(at, std::string::npos);
    while (manifest.compare(at, 4, "  //") == 0) {
        manifest.erase(at, 4);
        at = manifest.find('\n', at) + 1;
    }
    return manifest;
}

TEST(Propose, AGuestIsReadyToBeTaken) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    fs::remove(folder / "manifest.json");
    const auto guest = [&] {
        const Proposal proposal = propose_manifest({folder.path().string(), folder.path().string()});
        const std::string text = with_guest(proposal.manifest);
        EXPECT_EQ(parse_manifest(proposal.manifest, folder / "manifest.json").guests.size(), 0U);
        const Manifest manifest = parse_manifest(text, folder / "manifest.json");
        PlanRequest request;
        request.manifest = ManifestSource::of_text(text, folder.path().string());
        for (const Problem& problem : plan(request).refusal) ADD_FAILURE() << problem.text();
        return manifest.guests.at(0);
    };
    const Guest of_xen = guest();
    EXPECT_EQ(of_xen.start, GuestStart::xen);
    EXPECT_TRUE(of_xen.kernel.of_dom0);
    EXPECT_FALSE(of_xen.initrd.has_value()) << "there is none";
    // dom0's is the first, and shared; a second one is the guest's.
    folder.write("a.cpio", "070701" + std::string(200, '0'));
    EXPECT_TRUE(guest().initrd->of_dom0);
    folder.write("guest.cpio", "070701" + std::string(200, '0'));
    EXPECT_EQ(guest().initrd->artifact.path, "guest.cpio");
    // A root file system more is a disk.
    fs::copy_file(folder / "rootfs.tar", folder / "rootfs-of-guest.tar");
    fs::copy_file(folder / "Image", folder / "Image-guest");
    const Guest of_xl = guest();
    EXPECT_EQ(of_xl.start, GuestStart::xl);
    EXPECT_EQ(of_xl.disk->path, "rootfs-of-guest.tar");
    EXPECT_EQ(of_xl.kernel.artifact.path, "Image-guest");
}

// As bitbake leaves it: files with times in their names and links to them, images in several forms, modules beside.
TEST(Propose, ADeployFolderOfYocto) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    const fs::path deploy = folder.path() / "deploy";
    fs::create_directories(deploy / "bootfiles");
    const auto file = [&](const char* from, const char* name, const char* link = nullptr) {
        fs::copy_file(folder / from, deploy / name);
        if (link) fs::create_symlink(name, deploy / link);
    };
    file("Image", "Image--6.1-r0-raspberrypi4-64-20261127.bin", "Image");
    file("xen", "xen-raspberrypi4-64--4.17-r0.bin", "xen-raspberrypi4-64");
    file("bcm2711-rpi-4-b.dtb", "bcm2711-rpi-4-b--6.1.dtb", "bcm2711-rpi-4-b.dtb");
    file("u-boot.bin", "u-boot.bin");
    file("rootfs.tar", "xen-image-minimal-raspberrypi4-64.tar");
    test::run_ok({"bzip2", "-k", (deploy / "xen-image-minimal-raspberrypi4-64.tar").string()});
    fs::remove(deploy / "xen-image-minimal-raspberrypi4-64.tar");
    for (const char* name : {"start4.elf", "fixup4.dat"})
        fs::copy_file(folder / ("firmware/" + std::string(name)), deploy / "bootfiles" / name);
    folder.write("deploy/modules.txt", "text");
    fs::create_directories(folder / "m/lib/modules/6.1/kernel");
    test::run_ok({"tar", "-C", folder / "m", "-czf", (deploy / "modules-raspberrypi4-64.tgz").string(), "lib"});
    const Proposal proposal = propose_manifest({deploy.string(), folder.path().string()});
    EXPECT_THAT(proposal.missing, IsEmpty());
    EXPECT_THAT(proposal.manifest, HasSubstr("\"deploy/Image\""));
    EXPECT_THAT(proposal.manifest, HasSubstr("\"deploy/xen-raspberrypi4-64\""));
    EXPECT_THAT(proposal.manifest, HasSubstr("\"firmware\": \"deploy/bootfiles\""));
    EXPECT_THAT(proposal.manifest, HasSubstr("a tar packed with bzip2"));
    EXPECT_THAT(proposal.manifest, Not(HasSubstr("20261127")));
    EXPECT_THAT(proposal.manifest, Not(HasSubstr("modules-raspberrypi4-64.tgz")));
    folder.write("manifest.json", proposal.manifest);
    PlanRequest request;
    request.manifest = folder / "manifest.json";
    for (const Problem& problem : plan(request).refusal) ADD_FAILURE() << problem.text();
}

TEST(Propose, WhatIsMissingIsSaidWithWhereItComesFrom) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    for (const char* name : {"manifest.json", "xen", "rootfs.tar"}) fs::remove(folder / name);
    folder.write("start.elf",
                 "\x7f"
                 "ELF");
    folder.write("empty", "");
    const Proposal proposal = propose_manifest({folder.path().string(), ""});
    EXPECT_THAT(proposal.missing, ElementsAre("xen", "rootfs"));
    EXPECT_THAT(proposal.manifest, HasSubstr("// MISSING: xen; Debian: xen-hypervisor"));
    EXPECT_THAT(proposal.text(), HasSubstr("missing: rootfs; mmdebstrap"));
    EXPECT_THAT(proposal.json(), HasSubstr("\"missing\": ["));
}

TEST(Propose, ATarRatherThanAnImageAndTheShortestName) {
    const test::TemporaryFolder folder;
    const test::ArtifactKit kit(folder);
    fs::copy_file(folder / "Image", folder / "Image-debug");
    const Proposal proposal = propose_manifest({folder.path().string(), folder.path().string()});
    EXPECT_THAT(proposal.manifest, HasSubstr("// not taken: Image-debug, Linux 6.1.0-37-arm64"));
}

TEST(Propose, AFileIsNoFolder) {
    const test::TemporaryFolder folder;
    try {
        propose_manifest({folder.write("file", "x"), ""});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
    }
    EXPECT_THROW(propose_manifest({folder / "none", ""}), Error);
}

}  // namespace
}  // namespace rpixen
