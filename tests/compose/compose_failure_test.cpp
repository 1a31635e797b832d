#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <set>
#include <thread>

#include <rpixen/compose.hpp>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::TemporaryFolder;
using testing::HasSubstr;

std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
    return names;
}

/// Whatever goes wrong, the folder afterwards holds what it held before and an older image is whole.
class ComposeFailure : public testing::Test {
  protected:
    void expect_failure(ErrorCode code, const std::string& words, const CancelToken* cancel = nullptr) {
        folder_.write("out/sdcard.img", "the older image");
        const auto before = names_in(folder_.path() / "out");
        ComposeRequest request;
        request.manifest = kit_.manifest();
        request.output = folder_ / "out/sdcard.img";
        request.sync = false;
        Supervision supervision;
        supervision.cancel = cancel;
        try {
            compose(request, supervision);
            ADD_FAILURE() << "composed";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.what();
            EXPECT_THAT(std::string(error.what()), HasSubstr(words));
        }
        EXPECT_EQ(names_in(folder_.path() / "out"), before);
        EXPECT_EQ(read_file(folder_ / "out/sdcard.img"), "the older image");
    }

    void replace(const std::string& what, const std::string& with) {
        std::string text = read_file(kit_.manifest());
        const std::size_t at = text.find(what);
        ASSERT_NE(at, std::string::npos);
        text.replace(at, what.size(), with);
        folder_.write("manifest.json", text);
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
};

TEST_F(ComposeFailure, AMissingArtifact) {
    std::filesystem::remove(folder_.path() / "Image");
    expect_failure(ErrorCode::artifact, "Image");
}

TEST_F(ComposeFailure, AFolderWhereAFileShouldBe) {
    std::filesystem::remove(folder_.path() / "xen");
    std::filesystem::create_directory(folder_.path() / "xen");
    expect_failure(ErrorCode::artifact, "folder");
}

TEST_F(ComposeFailure, AMissingManifest) {
    std::filesystem::remove(kit_.manifest());
    expect_failure(ErrorCode::manifest, "manifest.json");
}

TEST_F(ComposeFailure, ATarThatEndsEarly) {
    std::filesystem::resize_file(folder_.path() / "rootfs.tar", 20000);
    expect_failure(ErrorCode::artifact, "rootfs.tar");
}

TEST_F(ComposeFailure, ATruncatedGzip) {
    test::run_ok({"gzip", folder_ / "rootfs.tar"});
    std::filesystem::resize_file(folder_.path() / "rootfs.tar.gz",
                                 std::filesystem::file_size(folder_.path() / "rootfs.tar.gz") / 2);
    replace("rootfs.tar", "rootfs.tar.gz");
    expect_failure(ErrorCode::artifact, "rootfs.tar.gz");
}

TEST_F(ComposeFailure, ADigestThatDoesNotMatch) {
    replace("\"Image\"", "{ \"path\": \"Image\", \"sha256\": \"" + std::string(64, '0') + "\" }");
    expect_failure(ErrorCode::artifact, std::string(64, '0'));
}

TEST_F(ComposeFailure, AnX86Kernel) {
    std::string kernel(65536, '\0');
    kernel.replace(0x202, 4, "HdrS");
    kernel.replace(0x1fe, 2, "\x55\xaa");
    folder_.write("Image", kernel);
    expect_failure(ErrorCode::artifact, "x86");
}

TEST_F(ComposeFailure, ARootPartitionThatIsTooSmall) {
    replace("\"free\": \"8MiB\"", "\"size\": \"1MiB\"");
    expect_failure(ErrorCode::unfit, "root");
}

TEST_F(ComposeFailure, ABootPartitionThatIsTooSmall) {
    replace("\"48MiB\"", "\"16MiB\"");
    expect_failure(ErrorCode::manifest, "FAT32");
}

TEST_F(ComposeFailure, AFileTooLargeForTheFat) {
    folder_.write("huge", "");
    std::filesystem::resize_file(folder_.path() / "huge", std::uint64_t{5} << 30);
    replace("\"image\":", R"("files": [ { "partition": "boot", "source": "huge", "target": "/huge" } ], "image":)");
    expect_failure(ErrorCode::unfit, "huge");
}

TEST_F(ComposeFailure, FatNamesThatDifferOnlyInCase) {
    folder_.write("firmware/START4.ELF", "x");
    expect_failure(ErrorCode::unfit, "START4.ELF");
}

TEST_F(ComposeFailure, TwoTargetsThatDifferOnlyInCase) {
    folder_.write("note", "x");
    replace("\"image\":",
            R"("files": [ { "partition": "boot", "source": "note", "target": "/README" },
                          { "partition": "boot", "source": "note", "target": "/readme" } ], "image":)");
    expect_failure(ErrorCode::manifest, "readme");
}

TEST_F(ComposeFailure, ADeviceTreeGivenAsOverlay) {
    folder_.write("board.dtbo", ArtifactKit::device_tree());
    replace("\"image\":", R"("overlays": [ "board.dtbo" ], "image":)");
    expect_failure(ErrorCode::artifact, "overlay");
}

TEST_F(ComposeFailure, AnOverlayGivenAsDeviceTree) {
    folder_.write("bcm2711-rpi-4-b.dtb",
                  test::run_ok({"dtc", "-I", "dts", "-O", "dtb", "-q", "-"},
                               "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { a; }; }; };"));
    expect_failure(ErrorCode::artifact, "overlay");
}

TEST_F(ComposeFailure, AnOverlayWhoseTargetIsMissing) {
    folder_.write("odd.dtbo", test::run_ok({"dtc", "-I", "dts", "-O", "dtb", "-q", "-"},
                                           "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/socks\"; "
                                           "__overlay__ { a; }; }; };"));
    replace("\"image\":", R"("overlays": [ "pi4-64-xen", "odd.dtbo" ], "image":)");
    expect_failure(ErrorCode::unfit, "/socks");
}

/// compose stops; plan shows what it would have been, with the collision.
TEST_F(ComposeFailure, PinnedAddressesThatCollide) {
    replace("\"manifest_version\": 1,",
            "\"manifest_version\": 1, \"boot\": {\"addresses\": {\"xen\": \"0x200000\", \"kernel\": "
            "\"0x201000\"}},");
    expect_failure(ErrorCode::unfit, "Xen reaches into dom0's kernel (Image) [xen-reaches-next]");
    PlanRequest request;
    request.manifest = kit_.manifest();
    const Report report = plan(request);
    ASSERT_FALSE(report.refusal.empty());
    EXPECT_EQ(report.refusal.front().rule, "xen-reaches-next");
    EXPECT_THAT(report.svg(), HasSubstr("collision"));
    CheckRequest checked;
    checked.subject = kit_.manifest();
    const Report found = check(checked);
    EXPECT_TRUE(std::any_of(found.diagnostics.begin(), found.diagnostics.end(),
                            [](const Diagnostic& diagnostic) { return diagnostic.id == "xen-reaches-next"; }));
    // Allowed, it is no reason any more.
    request.allow = {"xen-reaches-next", "memory-overlap"};
    EXPECT_TRUE(plan(request).refusal.empty());
}

TEST_F(ComposeFailure, AnUnwritableTarget) {
    ComposeRequest request;
    request.manifest = kit_.manifest();
    request.output = "/proc/sdcard.img";
    try {
        compose(request);
        ADD_FAILURE() << "composed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::io) << error.what();
    }
}

TEST_F(ComposeFailure, AnOutputThatIsAnInput) {
    ComposeRequest request;
    request.manifest = kit_.manifest();
    request.output = folder_ / "rootfs.tar";
    const std::string before = read_file(folder_ / "rootfs.tar");
    try {
        compose(request);
        ADD_FAILURE() << "composed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage) << error.what();
    }
    EXPECT_TRUE(read_file(folder_ / "rootfs.tar") == before);
}

TEST_F(ComposeFailure, AFileSystemThatTakesNoMore) {
    // The limit stands for a full disk: both end in a write that fails half-way. (A real full disk needs a
    // mount.)
    struct rlimit old {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit small {
        10 << 20, old.rlim_max
    };
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    expect_failure(ErrorCode::io, "sdcard.img");
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
}

TEST_F(ComposeFailure, ARequestToStop) {
    CancelToken cancel;
    cancel.cancel();
    expect_failure(ErrorCode::cancelled, "stopped", &cancel);
}

TEST_F(ComposeFailure, TwoRunsAtOnceDoNotMix) {
    ComposeRequest request;
    request.manifest = kit_.manifest();
    request.output = folder_ / "out.img";
    request.sync = false;
    std::thread other([&] { compose(request); });
    compose(request);
    other.join();
    const std::string image = read_file(request.output);
    compose(request);
    EXPECT_TRUE(read_file(request.output) == image);
    for (const std::string& name : names_in(folder_.path())) EXPECT_THAT(name, testing::Not(HasSubstr("tmp")));
}

}  // namespace
}  // namespace rpixen
