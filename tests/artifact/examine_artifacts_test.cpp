#include "artifact/examine_artifacts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"
#include "base/digest.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

const std::string xen_bytes = arm64_header(0x100000) + "xen,xen-4.17\0"s;
const std::string kernel_bytes = arm64_header(0x200000) + "Linux version 6.1.0-37-arm64 (x)\narm/xen:starting\0"s;
const std::string uboot_bytes =
    "\x1f\x20\x03\xd5"
    "U-Boot 2023.01 (Jan 01 2023)\n\0Bad Linux ARM64 Image magic!\0"s;

/// A folder with one boot input of each kind, and the manifest that names them.
class ExamineArtifacts : public testing::Test {
  protected:
    ExamineArtifacts() {
        manifest_.file = folder_ / "manifest.json";
        manifest_.xen = add("xen", xen_bytes);
        manifest_.kernel = add("Image", kernel_bytes);
        manifest_.uboot = add("u-boot.bin", uboot_bytes);
        manifest_.dtbs = {add("board.dtb", dtc("/dts-v1/; / { compatible = \"brcm,bcm2711\"; };"))};
        manifest_.overlays.push_back({"pi4-64-xen", {}, {}, {}});
    }

    static std::string dtc(const std::string& source) {
        return run_ok({"dtc", "-q", "-I", "dts", "-O", "dtb"}, source);
    }
    static std::string overlay() {
        return dtc("/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { x; }; }; };");
    }

    ArtifactReference add(const std::string& name, const std::string& bytes) {
        ArtifactReference reference;
        reference.path = name;
        reference.resolved = folder_.write(name, bytes);
        reference.location = {manifest_.file, "/artifacts/" + name, 3, 5};
        return reference;
    }
    ArtifactSet examine() { return examine_artifacts(manifest_, {}); }
    /// One problem, which has these words and stands where the reference does.
    void refused(const std::string& words, const Location& location) {
        const Error error = error_of([&] { examine(); });
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        ASSERT_EQ(error.problems().size(), 1U) << error.what();
        EXPECT_THAT(error.what(), HasSubstr(words));
        EXPECT_EQ(error.problems()[0].location, location);
    }

    TemporaryFolder folder_;
    Manifest manifest_;
};

TEST_F(ExamineArtifacts, AGoodSet) {
    manifest_.modules["initrd"] = add("initrd", "070701" + std::string(200, '\x80'));
    manifest_.modules["xsm_policy"] = add("policy", "\x8c\xff\x7c\xf9 rest");
    ExtraFile extra;
    extra.resolved = folder_.write("notes.txt", "notes");
    manifest_.files.push_back(extra);
    folder_.write("firmware/start4.elf", "x");
    manifest_.firmware = ArtifactReference{"firmware", folder_ / "firmware", {}, {}};
    manifest_.overlays.push_back({"mine", "mine.dtbo", folder_.write("mine.dtbo", overlay()), {}});
    const ArtifactSet set = examine();
    EXPECT_EQ(set.xen.banner, "Xen 4.17");
    EXPECT_EQ(set.xen.packing, "none");
    EXPECT_EQ(set.kernel.release, "6.1.0-37-arm64");
    EXPECT_EQ(set.kernel.built_for_xen, true);
    EXPECT_EQ(set.uboot.year, 2023);
    EXPECT_EQ(set.xen.sha256, hex(sha256(as_bytes(xen_bytes))));
    EXPECT_EQ(as_text(read_all(set.kernel.content)), kernel_bytes);
    ASSERT_EQ(set.overlays.size(), 2U);
    EXPECT_EQ(as_text(read_all(set.overlays[1].content)), overlay());
    EXPECT_EQ(set.firmware.size(), 1U);
    EXPECT_TRUE(set.has_firmware);
    EXPECT_EQ(as_text(read_all(set.extra_files.at(0))), "notes");
    EXPECT_THAT(set.inputs, testing::IsSupersetOf({folder_ / "xen", folder_ / "firmware", folder_ / "notes.txt"}));
}

TEST_F(ExamineArtifacts, PackedKernelsAndXen) {
    for (const std::string tool : {"gzip", "xz", "zstd", "bzip2", "lz4"}) {
        manifest_.kernel = add("vmlinuz", run_ok({tool, "-c"}, kernel_bytes));
        manifest_.xen = add("xen.packed", run_ok({tool, "-c"}, xen_bytes));
        const ArtifactSet set = examine();
        EXPECT_EQ(set.kernel.packing, tool);
        EXPECT_EQ(set.kernel.release, "6.1.0-37-arm64");
        EXPECT_EQ(as_text(read_all(set.kernel.content)), kernel_bytes);
        EXPECT_EQ(as_text(read_all(set.xen.content)), xen_bytes);
    }
}

TEST_F(ExamineArtifacts, EfiZbootKernels) {
    for (const std::string tool : {"gzip", "zstd"}) {
        const std::string payload = run_ok({tool, "-c"}, kernel_bytes);
        Bytes header(512);
        const std::string start = "MZ\0\0zimg"s;
        std::copy(as_bytes(start).begin(), as_bytes(start).end(), header.begin());
        store_le<std::uint32_t>(&header[8], 512);
        store_le<std::uint32_t>(&header[12], static_cast<std::uint32_t>(payload.size()));
        const std::string name = tool == "gzip" ? "gzip" : "zstd22";
        std::copy(as_bytes(name).begin(), as_bytes(name).end(), header.begin() + 24);
        manifest_.kernel = add("vmlinuz.efi", std::string(as_text(header)) + payload + "more of the EFI program");
        const ArtifactSet set = examine();
        EXPECT_EQ(set.kernel.packing, "zboot-" + tool);
        EXPECT_EQ(as_text(read_all(set.kernel.content)), kernel_bytes);
        manifest_.kernel = add("vmlinuz.efi", std::string(as_text(header)) + payload.substr(0, 20));
        refused("cut off", manifest_.kernel.location);
    }
}

TEST_F(ExamineArtifacts, KernelsOfOtherMachinesAreNamed) {
    const auto with = [](std::size_t offset, std::string_view magic) {
        return std::string(2048, '\x80').replace(offset, magic.size(), magic);
    };
    for (const auto& [bytes, words] : {std::pair{with(0x202, "HdrS"), "x86 Linux kernel"},
                                       std::pair{with(0x24, "\x18\x28\x6f\x01"), "32-bit ARM kernel"},
                                       std::pair{with(0, "\x27\x05\x19\x56"), "legacy U-Boot image"},
                                       std::pair{with(0,
                                                      "\x7f"
                                                      "ELF\2\1"),
                                                 "ELF file"},
                                       std::pair{std::string("text"), "text"}}) {
        manifest_.kernel = add("Image", bytes);
        refused(words, manifest_.kernel.location);
        manifest_.kernel = add("Image", run_ok({"gzip", "-c"}, bytes));
        refused("(inside gzip data)", manifest_.kernel.location);
    }
}

TEST_F(ExamineArtifacts, XenAndKernelMixedUp) {
    std::swap(manifest_.xen, manifest_.kernel);
    const Error error = error_of([&] { examine(); });
    ASSERT_EQ(error.problems().size(), 2U);
    EXPECT_THAT(error.problems()[0].text(), HasSubstr("a Linux kernel (6.1.0-37-arm64)"));
    EXPECT_THAT(error.problems()[1].text(), HasSubstr("Xen 4.17"));
}

TEST_F(ExamineArtifacts, DeviceTreeAndOverlayMixedUp) {
    manifest_.overlays.push_back(
        {"mine", "mine.dtbo", manifest_.dtbs.front().resolved, {manifest_.file, "/overlays/1", 9, 9}});
    refused("a whole device tree", manifest_.overlays[1].location);
    manifest_.overlays.pop_back();
    manifest_.dtbs.front() = add("board.dtb", overlay());
    refused("a device tree overlay", manifest_.dtbs.front().location);
    manifest_.dtbs.front() = add("board.dtb", kernel_bytes);
    refused("an arm64 Image", manifest_.dtbs.front().location);
}

TEST_F(ExamineArtifacts, EveryProblemAtOnce) {
    manifest_.xen.resolved = folder_ / "missing";
    manifest_.kernel.resolved = folder_.path().string();
    manifest_.uboot = add("u-boot.bin",
                          "\x7f"
                          "ELF\2\1 and so on");
    manifest_.dtbs.front() = add("board.dtb", "");
    manifest_.firmware = ArtifactReference{"fw", folder_ / "fw", {}, {}};
    manifest_.modules["initrd"] = add("initrd", TarMaker().file("x", "").finish());
    manifest_.modules["xsm_policy"] = add("policy", "text");
    ExtraFile extra;
    extra.resolved = folder_ / "no-notes.txt";
    manifest_.files.push_back(extra);
    const Error error = error_of([&] { examine(); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_EQ(error.problems().size(), 8U) << error.what();
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
    EXPECT_THAT(error.what(), HasSubstr("a folder"));
    EXPECT_THAT(error.what(), HasSubstr("take u-boot.bin"));
}

TEST_F(ExamineArtifacts, PinsAreHeldAgainstTheBytesAsTheyLie) {
    const std::string packed = run_ok({"zstd", "-c"}, xen_bytes);
    manifest_.xen = add("xen.zst", packed);
    manifest_.xen.sha256 = hex(sha256(as_bytes(packed)));
    EXPECT_EQ(examine().xen.sha256, manifest_.xen.sha256);

    const std::string wrong(64, '0');
    manifest_.xen.sha256 = wrong;
    refused(hex(sha256(as_bytes(packed))), manifest_.xen.location);
    refused(wrong, manifest_.xen.location);
    manifest_.xen.sha256.reset();
    folder_.write("firmware/start4.elf", "x");
    manifest_.firmware = ArtifactReference{"firmware", folder_ / "firmware", wrong, {"m", "/p", 1, 1}};
    refused("a folder has no digest", manifest_.firmware->location);
}

TEST_F(ExamineArtifacts, FilesNeedNotBeOpenTogether) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit few = before;
    few.rlim_cur = 64;
    for (int number = 0; number < 200; ++number) {
        ExtraFile file;
        file.resolved = folder_.write("files/" + std::to_string(number), std::to_string(number));
        manifest_.files.push_back(file);
    }
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
    std::optional<ArtifactSet> set;
    EXPECT_NO_THROW(set = examine());
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(set);
    EXPECT_EQ(as_text(read_all(set->extra_files[199])), "199");
    folder_.write("files/199", "changed");
    EXPECT_EQ(error_of([&] { read_all(set->extra_files[199]); }).code(), ErrorCode::io);
    std::filesystem::remove(folder_ / "files/198");
    EXPECT_EQ(error_of([&] { read_all(set->extra_files[198]); }).code(), ErrorCode::io);
}

TEST_F(ExamineArtifacts, StopsOnRequest) {
    CancelToken cancel;
    cancel.cancel();
    Supervision supervision;
    supervision.cancel = &cancel;
    EXPECT_EQ(error_of([&] { examine_artifacts(manifest_, supervision); }).code(), ErrorCode::cancelled);
}

}  // namespace
}  // namespace rpixen::test
