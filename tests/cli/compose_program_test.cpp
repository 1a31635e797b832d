#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

// `rpixen-img compose` as a user starts it: signals, a full disk, unreadable and changing inputs, bad input
// of every kind. Whatever goes wrong, the target's folder holds what it held before, byte for byte.

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::run;
using test::run_ok;
using test::Started;
using test::TemporaryFolder;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

const std::string program = RPIXEN_PROGRAM;

std::map<std::string, std::string> files_in(const std::filesystem::path& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files[entry.path().filename()] = read_file(entry.path());
    return files;
}

class ComposeProgram : public testing::Test {
  protected:
    ComposeProgram() {
        older_ = "the older image" + std::string(100'000, '\xa5');
        folder_.write("out/sdcard.img", older_);
    }

    std::vector<std::string> command() const {
        return {program, "compose", kit_.manifest(), "-o", target(), "--quiet"};
    }
    std::string target() const { return folder_ / "out/sdcard.img"; }

    void replace(const std::string& what, const std::string& with) {
        std::string text = read_file(kit_.manifest());
        const std::size_t at = text.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        folder_.write("manifest.json", text.replace(at, what.size(), with));
    }
    void add_section(const std::string& section) { replace("\"image\":", section + ",\n  \"image\":"); }

    void expect_untouched() const {
        const auto files = files_in(folder_ / "out");
        EXPECT_EQ(files.size(), 1U) << files.begin()->first;
        EXPECT_TRUE(files.contains("sdcard.img") && files.at("sdcard.img") == older_);
    }

    /// A root file system that takes seconds to unpack: 36 MB of noise, as one bzip2 stream many times over.
    void make_root_slow() {
        folder_.write("slow.tar.bz2", run_ok({"python3", "-"}, R"(
import bz2, random, sys, tarfile
count, noise = 40, random.Random(1).randbytes(900000)
member = tarfile.TarInfo("noise")
member.size = count * len(noise)
rest = bytes(-member.size % 512) + bytes(1024)
sys.stdout.buffer.write(bz2.compress(member.tobuf()) + bz2.compress(noise) * count + bz2.compress(rest))
)"));
        replace("rootfs.tar", "slow.tar.bz2");
    }

    /// Until the image that has no name yet holds some data.
    void wait_until_writing(const Started& run) const {
        const std::filesystem::path descriptors = "/proc/" + std::to_string(run.process()) + "/fd";
        while (!run.ended()) {
            std::error_code gone;  // descriptors come and go
            for (const auto& entry : std::filesystem::directory_iterator(descriptors, gone)) {
                const std::string leads_to = std::filesystem::read_symlink(entry.path(), gone);
                struct stat status {};
                if (leads_to.starts_with(folder_ / "out/") && ::stat(entry.path().c_str(), &status) == 0 &&
                    status.st_blocks * 512 > 1'000'000)
                    return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        FAIL() << "it ended before it was seen to write";
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
    std::string older_;
};

TEST_F(ComposeProgram, WritesTheImageInPlaceOfTheOlderOne) {
    const test::Run result = run(command());
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out + result.err, "");
    const auto files = files_in(folder_ / "out");
    ASSERT_EQ(files.size(), 1U);
    EXPECT_FALSE(files.at("sdcard.img") == older_);
}

class Signal : public ComposeProgram, public testing::WithParamInterface<int> {};

TEST_P(Signal, InTheMiddleOfTheWritingLeavesNothing) {
    make_root_slow();
    Started run(command());
    wait_until_writing(run);
    ASSERT_EQ(::kill(run.process(), GetParam()), 0);
    const test::Run result = run.finish();
    EXPECT_EQ(result.status, 128 + GetParam());
    if (GetParam() != SIGKILL) {
        EXPECT_THAT(result.err, HasSubstr("rpixen-img: error: stopped"));
    }
    expect_untouched();
}

INSTANTIATE_TEST_SUITE_P(ComposeProgram, Signal, testing::Values(SIGINT, SIGTERM, SIGHUP, SIGKILL),
                         [](const auto& signal) { return std::string("SIG") + ::sigabbrev_np(signal.param); });

TEST_F(ComposeProgram, ALimitOfFileSizesIsToldLikeAFullDisk) {
    // A really full disk needs a mount; the limit ends in a write that fails half-way, too.
    const test::Run result = run({"sh", "-c", "ulimit -f 20000 && exec \"$@\"", "sh", program, "compose",
                                  kit_.manifest(), "-o", target(), "-q"});
    EXPECT_EQ(result.status, 6);
    EXPECT_THAT(result.err, AllOf(HasSubstr("sdcard.img; found File too large; "), HasSubstr("ulimit -f")));
    expect_untouched();
}

TEST_F(ComposeProgram, AnInputThatChangesWhileItIsRead) {
    make_root_slow();
    Started run(command());
    wait_until_writing(run);
    ASSERT_EQ(::kill(run.process(), SIGSTOP), 0);
    const std::string root = folder_ / "slow.tar.bz2";
    const int file = ::open(root.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(::pwrite(file, "x", 1, static_cast<off_t>(std::filesystem::file_size(root) - 1)), 1);
    ::close(file);
    ASSERT_EQ(::kill(run.process(), SIGCONT), 0);
    const test::Run result = run.finish();
    EXPECT_EQ(result.status, 6) << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("slow.tar.bz2"), HasSubstr("changed")));
    expect_untouched();
}

TEST_F(ComposeProgram, AnInputThatShrinksWhileItIsRead) {
    make_root_slow();
    Started run(command());
    wait_until_writing(run);
    ASSERT_EQ(::kill(run.process(), SIGSTOP), 0);
    std::filesystem::resize_file(folder_ / "slow.tar.bz2", 1000);
    ASSERT_EQ(::kill(run.process(), SIGCONT), 0);
    const test::Run result = run.finish();
    EXPECT_EQ(result.status, 6) << result.err;
    EXPECT_THAT(result.err, HasSubstr("slow.tar.bz2"));
    expect_untouched();
}

TEST_F(ComposeProgram, AnInputWithoutPermission) {
    ASSERT_EQ(::chmod((folder_ / "rootfs.tar").c_str(), 0), 0);
    std::vector<std::string> arguments = command();
    if (::geteuid() == 0)  // without root's right to read everything
        arguments.insert(arguments.begin(), {"setpriv", "--bounding-set=-dac_override,-dac_read_search"});
    const test::Run result = run(arguments);
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.err, AllOf(HasSubstr("/artifacts/rootfs: cannot open "), HasSubstr("rootfs.tar; found "
                                                                                          "Permission denied")));
    expect_untouched();
}

TEST_F(ComposeProgram, ATargetWithoutPermission) {
    ASSERT_EQ(::chmod((folder_ / "out").c_str(), 0555), 0);
    std::vector<std::string> arguments = command();
    if (::geteuid() == 0)
        arguments.insert(arguments.begin(), {"setpriv", "--bounding-set=-dac_override,-dac_read_search"});
    const test::Run result = run(arguments);
    ASSERT_EQ(::chmod((folder_ / "out").c_str(), 0755), 0);
    EXPECT_EQ(result.status, 6);
    EXPECT_THAT(result.err, HasSubstr("out/sdcard.img; found Permission denied; give permission"));
    expect_untouched();
}

TEST_F(ComposeProgram, TwoRunsAtOnceLeaveOneWholeImage) {
    std::string other = read_file(kit_.manifest());
    other.replace(other.find("\"manifest_version\""), 0, "\"name\": \"other\", ");
    const std::string others = folder_.write("other.json", other);
    const auto compose = [&](const std::string& manifest, const std::string& output) {
        return std::vector<std::string>{program, "compose", manifest, "-o", output, "-q"};
    };
    run_ok(compose(kit_.manifest(), folder_ / "alone.img"));
    run_ok(compose(others, folder_ / "other.img"));
    const std::string alone = read_file(folder_ / "alone.img");
    const std::string alone_other = read_file(folder_ / "other.img");
    ASSERT_FALSE(alone == alone_other);
    for (int round = 0; round < 4; ++round) {
        Started one(compose(kit_.manifest(), target()));
        Started two(compose(others, target()));
        EXPECT_EQ(one.finish().status, 0);
        EXPECT_EQ(two.finish().status, 0);
        const auto files = files_in(folder_ / "out");
        ASSERT_EQ(files.size(), 1U);
        EXPECT_TRUE(files.at("sdcard.img") == alone || files.at("sdcard.img") == alone_other);
    }
}

TEST_F(ComposeProgram, TheSurroundingsDoNotReachTheImage) {
    const auto compose = [&](const std::string& before, const std::string& manifest, const std::string& output,
                             const std::vector<std::string>& environment) {
        const test::Run result = run(
            {"sh", "-c", before + " && exec \"$@\"", "sh", program, "compose", manifest, "-o", folder_ / output, "-q"},
            {}, environment);
        EXPECT_EQ(result.status, 0) << result.err;
        return read_file(folder_ / output);
    };
    folder_.write("elsewhere/here", "");
    const std::string first = compose("cd /", kit_.manifest(), "one.img", {"TZ=UTC", "LC_ALL=C"});
    run_ok({"touch", "-d", "2001-02-03", folder_ / "Image", folder_ / "rootfs.tar", folder_ / "firmware"});
    const std::string second = compose("umask 077 && cd '" + folder_ / "elsewhere" + "'", "../manifest.json",
                                       "out/two.img",
                                       {"TZ=Asia/Kathmandu", "LC_ALL=tr_TR.UTF-8", "LANG=de_DE.UTF-8", "HOME=/nowhere",
                                        "USER=other", "MKE2FS_CONFIG=/nowhere", "MKE2FS_SYNC=1", "POSIXLY_CORRECT=1"});
    EXPECT_TRUE(first == second);
    const std::string third = compose("cd /", kit_.manifest(), "three.img", {"SOURCE_DATE_EPOCH=1500000000"});
    EXPECT_FALSE(first == third);
    EXPECT_TRUE(third == compose("umask 0", kit_.manifest(), "out/four.img",
                                 {"SOURCE_DATE_EPOCH=1500000000", "TZ=America/St_Johns"}));
}

/// One kind of bad input, with the exit status that it has.
struct BadInput {
    const char* name;
    int status;
    const char* words;  ///< in the message
    std::function<void(const TemporaryFolder&, const std::function<void(std::string, std::string)>&)> spoil;
};

void PrintTo(const BadInput& bad, std::ostream* out) {
    *out << bad.name;
}

/// A root file system of one odd member, in place of the kit's.
auto root_of(std::string python) {
    return [python = std::move(python)](const TemporaryFolder& folder, const auto&) {
        folder.write("rootfs.tar", run_ok({"python3", "-"}, R"(
import io, sys, tarfile
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
    def add(name, kind=tarfile.REGTYPE, data=b"", **more):
        member = tarfile.TarInfo(name)
        member.type, member.size = kind, len(data)
        for key, value in more.items():
            setattr(member, key, value)
        tar.addfile(member, io.BytesIO(data))
    add("etc", tarfile.DIRTYPE, mode=0o755)
)" + python + "\nsys.stdout.buffer.write(out.getvalue())\n"));
    };
}

auto overlay_of(const std::string& name, const std::string& source) {
    return [=](const TemporaryFolder& folder, const auto& replace) {
        folder.write(name, run_ok({"dtc", "-I", "dts", "-O", "dtb", "-q", "-"}, source));
        replace("\"image\":", "\"overlays\": [ \"pi4-64-xen\", \"" + name + "\" ], \"image\":");
    };
}

auto files_of(const std::string& list) {
    return [=](const TemporaryFolder& folder, const auto& replace) {
        folder.write("note", "a note");
        folder.write("huge", "");
        std::filesystem::resize_file(folder / "huge", std::uint64_t{5} << 30);
        replace("\"image\":", "\"files\": [ " + list + " ], \"image\":");
    };
}

auto artifact_is(const std::string& path, const std::string& with) {
    return [=](const TemporaryFolder&, const auto& replace) { replace(": \"" + path + "\"", ": \"" + with + "\""); };
}

auto written(const std::string& path, std::function<std::string()> content) {
    return [=](const TemporaryFolder& folder, const auto&) { folder.write(path, content()); };
}

constexpr const char*
    some_overlay = "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/\"; __overlay__ { a; }; }; };";

const std::vector<BadInput> bad_inputs{
    {"AMissingFile", 4, "cannot open ",
     [](const auto& folder, const auto&) { std::filesystem::remove(folder / "Image"); }},
    {"AMissingRoot", 4, "No such file", artifact_is("rootfs.tar", "nothing.tar")},
    {"AFolderWhereAFileShouldBe", 4, "a folder",
     [](const auto& folder, const auto&) {
         std::filesystem::remove(folder / "u-boot.bin");
         folder.write("u-boot.bin/inside", "");
     }},
    {"AFileWhereAFolderShouldBe", 4, "cannot open the folder ", artifact_is("firmware", "Image")},
    {"ADevice", 4, "a character device", artifact_is("rootfs.tar", "/dev/zero")},
    {"AnEmptyFile", 4, "an empty file", written("Image", [] { return ""; })},
    {"ATruncatedGzip", 4, "end early",
     [](const auto& folder, const auto& replace) {
         const std::string packed = run_ok({"gzip", "-c", folder / "rootfs.tar"});
         folder.write("cut.tar.gz", packed.substr(0, packed.size() / 2));
         replace("rootfs.tar", "cut.tar.gz");
     }},
    {"ATruncatedKernel", 4, "end early",
     [](const auto& folder, const auto&) {
         const std::string packed = run_ok({"gzip", "-c"}, ArtifactKit::kernel());
         folder.write("Image", packed.substr(0, packed.size() / 2));
     }},
    {"ATarThatEndsEarly", 4, "the tar ends inside this member",
     [](const auto& folder, const auto&) { std::filesystem::resize_file(folder / "rootfs.tar", 20000); }},
    {"AMemberUpwards", 4, "'..'", root_of(R"(    add("../../etc/passwd", data=b"x"))")},
    {"AMemberThroughASymlinkOutwards", 4, "leads out of the tree",
     root_of(R"(    add("out", tarfile.SYMTYPE, linkname="../../.."); add("out/etc/passwd", data=b"x"))")},
    {"ANameWithANul", 4, "NUL", root_of(R"(    add("x", pax_headers={"path": "etc/nul\0hidden"}))")},
    {"ANameWithANewline", 4, "newline", root_of(R"(    add("etc/new\nline"))")},
    {"AFileOverAFolderOfTheSameTar", 4, "members of the same layer",
     root_of(R"(    add("etc/twice/x"); add("./etc/twice"))")},
    {"AHardLinkToNothing", 4, "not there", root_of(R"(    add("link", tarfile.LNKTYPE, linkname="missing"))")},
    {"AFileBelowAFile", 4, "no directory", root_of(R"(    add("file"); add("file/below"))")},
    {"ALargeFileForTheFat", 5, "too large for the boot partition's FAT",
     files_of(R"({ "partition": "boot", "source": "huge", "target": "/huge" })")},
    {"FatNamesThatDifferInCase", 5, "differ only in case",
     [](const auto& folder, const auto&) { folder.write("firmware/START4.ELF", "x"); }},
    {"AFatNameOfABootFile", 5, "differ only in case",
     files_of(R"({ "partition": "boot", "source": "note", "target": "/IMAGE" })")},
    {"TwoTargetsThatDifferInCase", 3, "two files have this target",
     files_of(R"({ "partition": "boot", "source": "note", "target": "/A" },
                 { "partition": "boot", "source": "note", "target": "/a" })")},
    {"AMissingFurtherFile", 4, "cannot open ",
     files_of(R"({ "partition": "root", "source": "nothing", "target": "/etc/x" })")},
    {"AFurtherFileBelowAFile", 4, "no directory",
     files_of(R"({ "partition": "root", "source": "note", "target": "/etc/hostname/x" })")},
    {"ADeviceTreeAsOverlay", 4, "a device tree overlay (.dtbo)", overlay_of("board.dtbo", "/dts-v1/; / { a; };")},
    {"AnOverlayAsDeviceTree", 4, "a device tree overlay",
     written("bcm2711-rpi-4-b.dtb",
             [] {
                 return run_ok({"dtc", "-I", "dts", "-O", "dtb", "-q", "-"}, some_overlay);
             })},
    {"AnOverlayWithoutItsTarget", 5, "/socks",
     overlay_of("odd.dtbo",
                "/dts-v1/; /plugin/; / { fragment@0 { target-path = \"/socks\"; __overlay__ { a; }; }; };")},
    {"AnX86Kernel", 4, "x86",
     written("Image", [] { return std::string(65536, '\0').replace(0x202, 4, "HdrS").replace(0x1fe, 2, "\x55\xaa"); })},
    {"XenAsKernel", 4, "Xen 4.17", written("Image", ArtifactKit::xen)},
    {"AnotherDigest", 4, "sha256",
     [](const auto&, const auto& replace) {
         replace("\"Image\"", "{ \"path\": \"Image\", \"sha256\": \"" + std::string(64, '0') + "\" }");
     }},
    {"ARootThatIsTooSmall", 5, "does not fit",
     [](const auto&, const auto& replace) { replace("\"free\": \"8MiB\"", "\"size\": \"1MiB\""); }},
    {"APrebuiltRootInUse", 4, "was not unmounted",
     [](const auto& folder, const auto& replace) {
         run_ok({"mke2fs", "-q", "-t", "ext4", folder / "root.ext4", "8M"});
         run_ok({"debugfs", "-w", "-R", "feature needs_recovery", folder / "root.ext4"});
         replace("rootfs.tar", "root.ext4");
         replace(", \"root_partition\": { \"free\": \"8MiB\" }", "");
     }},
    // libext2fs would print of it by itself.
    {"ADamagedPrebuiltRoot", 4, "run e2fsck on it, or make or fetch the image again",
     [](const auto& folder, const auto& replace) {
         run_ok({"mke2fs", "-q", "-t", "ext4", "-b", "1024", folder / "root.ext4", "8M"});
         std::string bytes = read_file(folder / "root.ext4");
         folder.write("root.ext4", bytes.replace(2048, 20000, std::string(20000, '\xa5')));
         replace("rootfs.tar", "root.ext4");
         replace(", \"root_partition\": { \"free\": \"8MiB\" }", "");
     }},
    {"AMisspeltKey", 3, "unknown key", [](const auto&, const auto& replace) { replace("\"kernel\"", "\"kernal\""); }},
    {"NoManifest", 3, "manifest.json",
     [](const auto& folder, const auto&) { std::filesystem::remove(folder / "manifest.json"); }},
};

class Bad : public ComposeProgram, public testing::WithParamInterface<BadInput> {};

TEST_P(Bad, InputIsNamedAndLeavesNothing) {
    const BadInput& bad = GetParam();
    bad.spoil(folder_, [this](const std::string& what, const std::string& with) { replace(what, with); });
    std::vector<std::string> arguments = command();
    arguments.emplace_back("--json");
    const test::Run result = run(arguments);
    EXPECT_EQ(result.status, bad.status) << result.err;
    EXPECT_THAT(result.err, AllOf(testing::StartsWith("rpixen-img: error: "), HasSubstr(bad.words)));
    expect_untouched();
    // Each problem says where or what was found, and what to do.
    const auto document = nlohmann::json::parse(result.out);
    const auto& problems = document.at("error").at("problems");
    EXPECT_FALSE(problems.empty());
    for (const auto& problem : problems) {
        const auto given = [&](const char* key) { return !problem.at(key).template get<std::string>().empty(); };
        EXPECT_TRUE(given("found") || given("pointer")) << problem;
        EXPECT_TRUE(given("change")) << problem;
    }
}

INSTANTIATE_TEST_SUITE_P(ComposeProgram, Bad, testing::ValuesIn(bad_inputs),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST_F(ComposeProgram, ATargetThatCannotBe) {
    struct Case {
        std::string target;
        std::string words;
    };
    for (const Case& bad : std::vector<Case>{{"missing/sdcard.img", "found No such file or directory; make the"},
                                             {"out", "found a folder"},
                                             {"manifest.json/sdcard.img", "found Not a directory; make the"},
                                             {"/dev/full", "found no regular file"},
                                             {"/proc/sdcard.img", "cannot write /proc/sdcard.img; found "}}) {
        const std::string path = bad.target[0] == '/' ? bad.target : folder_ / bad.target;
        const test::Run result = run({program, "compose", kit_.manifest(), "-o", path, "-q"});
        EXPECT_EQ(result.status, 6) << bad.target;
        EXPECT_THAT(result.err, HasSubstr(bad.words));
    }
    expect_untouched();
}

}  // namespace
}  // namespace rpixen
