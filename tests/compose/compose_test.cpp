#include <rpixen/compose.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>

#include "law/law.hpp"
#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::run;
using test::run_ok;
using test::TemporaryFolder;
using testing::HasSubstr;

/// A card composed from the kit, with its two partitions as files of their own for the tools.
class Compose : public testing::Test {
  protected:
    /// Whatever the test made of the manifest: check of it and of its image agree.
    void TearDown() override { test::expect_law(kit_.manifest()); }

    Report compose_card(const std::string& output = "sdcard.img") {
        ComposeRequest request;
        request.manifest = kit_.manifest();
        request.output = folder_ / output;
        request.sync = false;
        Report report = compose(request);
        return report;
    }

    std::string partition(const Report& report, std::size_t index, const std::string& name) {
        const ReportPartition& part = report.partitions.at(index);
        std::ifstream image(report.output, std::ios::binary);
        image.seekg(static_cast<std::streamoff>(part.offset));
        std::string bytes(part.size, '\0');
        image.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        EXPECT_TRUE(image) << "the partition leaves the image";
        return folder_.write(name, bytes);
    }

    std::string boot_file(const std::string& fat, const std::string& path) {
        const std::string copy = folder_ / "copy";
        run_ok({"mcopy", "-n", "-o", "-i", fat, "::" + path, copy});
        return read_file(copy);
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
};

TEST_F(Compose, TheFileSystemsAreCleanForTheirOwnCheckers) {
    const Report report = compose_card();
    const std::string fat = partition(report, 0, "boot.fat");
    const std::string ext4 = partition(report, 1, "root.ext4");
    const auto fsck = run({"fsck.fat", "-n", "-v", fat});
    EXPECT_EQ(fsck.status, 0) << fsck.out << fsck.err;
    const auto e2fsck = run({"e2fsck", "-fn", ext4});
    EXPECT_EQ(e2fsck.status, 0) << e2fsck.out << e2fsck.err;
    EXPECT_THAT(e2fsck.out, testing::Not(HasSubstr("Fix?"))) << e2fsck.out;
}

TEST_F(Compose, ThePartitionTableIsWhatWasPlanned) {
    const Report report = compose_card();
    const std::string table = run_ok({"sfdisk", "--json", report.output});
    EXPECT_THAT(table, HasSubstr("\"label\": \"dos\""));
    EXPECT_THAT(table, HasSubstr("\"type\": \"c\""));
    EXPECT_THAT(table, HasSubstr("\"bootable\": true"));
    EXPECT_THAT(table, HasSubstr("\"type\": \"83\""));
    EXPECT_THAT(table, HasSubstr("\"id\": \"" + report.disk_signature + "\""));
    EXPECT_THAT(run_ok({"sfdisk", "--verify", report.output}), HasSubstr("No errors detected"));
    EXPECT_EQ(std::filesystem::file_size(report.output) % (1 << 20), 0U);
}

TEST_F(Compose, TheBootFilesAreTheInputsByteForByte) {
    const Report report = compose_card();
    const std::string fat = partition(report, 0, "boot.fat");
    const std::vector<std::pair<std::string, std::string>> copies{{"xen-raspberrypi4-64", "xen"},
                                                                  {"Image", "Image"},
                                                                  {"u-boot.bin", "u-boot.bin"},
                                                                  {"start4.elf", "firmware/start4.elf"},
                                                                  {"fixup4.dat", "firmware/fixup4.dat"}};
    for (const auto& [card, input] : copies) EXPECT_EQ(boot_file(fat, card), read_file(folder_.path() / input)) << card;
    EXPECT_EQ(boot_file(fat, "config.txt"), report.config_txt);
}

TEST_F(Compose, DumpimageAcceptsTheScript) {
    const Report report = compose_card();
    const std::string fat = partition(report, 0, "boot.fat");
    const std::string script = folder_.write("boot.scr", boot_file(fat, "boot.scr"));
    const std::string listing = run_ok({"dumpimage", "-l", script});
    EXPECT_THAT(listing, HasSubstr("Script"));
    EXPECT_THAT(read_file(script), HasSubstr(report.script));
}

TEST_F(Compose, TheDeviceTreeHasOneDom0ModuleAtThePlannedPlace) {
    const Report report = compose_card();
    const std::string fat = partition(report, 0, "boot.fat");
    const std::string source = run_ok({"dtc", "-I", "dtb", "-O", "dts", "-q", "-"},
                                      boot_file(fat, "bcm2711-rpi-4-b.dtb"));
    std::size_t modules = 0;
    for (std::size_t at = source.find("xen,linux-zimage"); at != std::string::npos;
         at = source.find("xen,linux-zimage", at + 1))
        ++modules;
    EXPECT_EQ(modules, 1U);
    const auto region = std::find_if(report.memory.begin(), report.memory.end(),
                                     [](const ReportRegion& r) { return r.name == "dom0 kernel"; });
    ASSERT_NE(region, report.memory.end());
    std::array<char, 64> reg{};
    std::snprintf(reg.data(), reg.size(), "reg = <0x%llx 0x%llx>", static_cast<unsigned long long>(region->begin),
                  static_cast<unsigned long long>(std::filesystem::file_size(folder_.path() / "Image")));
    std::string squeezed = source;
    for (std::size_t at; (at = squeezed.find("<0x00")) != std::string::npos;) squeezed.erase(at + 3, 1);
    for (std::size_t at; (at = squeezed.find(" 0x00")) != std::string::npos;) squeezed.erase(at + 3, 1);
    EXPECT_THAT(squeezed, HasSubstr(reg.data()));
}

TEST_F(Compose, TheTreeOnTheCardIsTheTarsTree) {
    const Report report = compose_card();
    const std::string ext4 = partition(report, 1, "root.ext4");
    const auto stat = [&](const std::string& path) { return run_ok({"debugfs", "-R", "stat " + path, ext4}); };
    EXPECT_THAT(stat("/usr/bin/busybox"), testing::AllOf(HasSubstr("Mode:  04755"), HasSubstr("Links: 2")));
    EXPECT_THAT(stat("/usr/lib/big"), testing::AllOf(HasSubstr("User:  1000"), HasSubstr("Group: 100000"),
                                                     HasSubstr("Size: 2048000"), HasSubstr("0x6553f100")));
    EXPECT_THAT(stat("/lib"), HasSubstr("Fast link dest: \"usr/lib\""));
    EXPECT_THAT(stat("/dev/console"), HasSubstr("Device major/minor number: 05:01"));
    EXPECT_THAT(stat("/dev/initctl"), HasSubstr("Type: FIFO"));
    EXPECT_THAT(run_ok({"debugfs", "-R", "ea_get /etc/caps user.note", ext4}), HasSubstr("hello"));
    const std::string copy = folder_ / "big";
    run_ok({"debugfs", "-R", "dump /usr/lib/big " + copy, ext4});
    std::string expected;
    for (int i = 0; i < 8000; ++i)
        for (int byte = 0; byte < 256; ++byte) expected += static_cast<char>(byte);
    EXPECT_EQ(read_file(copy), expected);
}

TEST_F(Compose, ASecondRunGivesTheSameBytes) {
    const Report one = compose_card("one.img");
    ::setenv("TZ", "Asia/Tokyo", 1);
    const mode_t mask = ::umask(077);
    const Report two = compose_card("two.img");
    ::umask(mask);
    ::unsetenv("TZ");
    EXPECT_TRUE(read_file(one.output) == read_file(two.output));
    struct stat status {};
    ASSERT_EQ(::stat(two.output.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << "the umask is honoured";
}

/// Later than a FAT, a script image and a 32-bit clock can say; the file itself keeps its time.
TEST_F(Compose, AFileOfTheFarFutureDoesNotSetTheCardsTime) {
    run_ok({"python3", "-c",
            "import sys,tarfile\nt=tarfile.open(sys.argv[1],'a')\nm=tarfile.TarInfo('./etc/late')\n"
            "m.mtime=15000000000\nt.addfile(m)\nt.close()",
            folder_ / "rootfs.tar"});
    const Report report = compose_card();
    EXPECT_EQ(report.time, 0xffffffff);
    EXPECT_THAT(run_ok({"debugfs", "-R", "stat /etc/late", partition(report, 1, "root.ext4")}),
                HasSubstr("mtime: 0x7e11d600:00000003"));
}

TEST_F(Compose, AnotherRootFileSystemGivesOtherIdentifiers) {
    const Report one = compose_card();
    std::string tar = test::ArtifactKit::root_tar();
    run_ok({"python3", "-c",
            "import "
            "sys,tarfile,io\nt=tarfile.open(sys.argv[1],'a')\nm=tarfile.TarInfo('./etc/"
            "more')\nt.addfile(m)\nt.close()",
            folder_ / "rootfs.tar"});
    const Report two = compose_card();
    EXPECT_NE(one.disk_signature, two.disk_signature);
    EXPECT_NE(one.partitions[1].uuid, two.partitions[1].uuid);
}

TEST_F(Compose, ThePlanIsWhatIsThenComposed) {
    PlanRequest request;
    request.manifest = kit_.manifest();
    const Report planned = plan(request);
    Report composed = compose_card();
    EXPECT_EQ(planned.output, "");
    composed.output.clear();
    // Who writes may have more to tell.
    ASSERT_GE(composed.notes.size(), planned.notes.size());
    composed.notes.resize(planned.notes.size());
    EXPECT_EQ(planned.json(), composed.json());
}

TEST_F(Compose, ACompressedRootGivesTheSameTree) {
    const Report plain = compose_card("plain.img");
    run_ok({"zstd", "-q", "--rm", folder_ / "rootfs.tar", "-o", folder_ / "rootfs.tar.zst"});
    std::string text = read_file(kit_.manifest());
    text.replace(text.find("rootfs.tar"), 10, "rootfs.tar.zst");
    folder_.write("manifest.json", text);
    const Report packed = compose_card("packed.img");
    const std::string ext4 = partition(packed, 1, "root.ext4");
    const auto e2fsck = run({"e2fsck", "-fn", ext4});
    EXPECT_EQ(e2fsck.status, 0) << e2fsck.out << e2fsck.err;
    const std::string copy = folder_ / "big";
    run_ok({"debugfs", "-R", "dump /usr/lib/big " + copy, ext4});
    EXPECT_EQ(std::filesystem::file_size(copy), 2048000U);
    EXPECT_EQ(plain.partitions[1].entries, packed.partitions[1].entries);
    EXPECT_EQ(plain.partitions[1].uuid, packed.partitions[1].uuid);
}

TEST_F(Compose, AFolderAsRootKeepsHardLinks) {
    std::filesystem::create_directory(folder_.path() / "tree");
    folder_.write("tree/etc/hostname", "dom0\n");
    std::filesystem::create_hard_link(folder_.path() / "tree/etc/hostname", folder_.path() / "tree/etc/again");
    std::string text = read_file(kit_.manifest());
    text.replace(text.find("rootfs.tar"), 10, "tree");
    folder_.write("manifest.json", text);
    const Report report = compose_card();
    const std::string ext4 = partition(report, 1, "root.ext4");
    EXPECT_EQ(run({"e2fsck", "-fn", ext4}).status, 0);
    EXPECT_THAT(run_ok({"debugfs", "-R", "stat /etc/again", ext4}), HasSubstr("Links: 2"));
}

TEST_F(Compose, APrebuiltRootIsCopiedAsItIs) {
    const std::string ext4 = folder_ / "prebuilt.ext4";
    run_ok({"mke2fs", "-q", "-t", "ext4", ext4, "16M"});
    folder_.write("manifest.json", kit_.manifest_of_prebuilt("prebuilt.ext4"));
    const Report report = compose_card();
    EXPECT_TRUE(read_file(partition(report, 1, "root.ext4")) == read_file(ext4));
}

TEST_F(Compose, APrebuiltRootKeepsItsSizeInALargerPartition) {
    run_ok({"mke2fs", "-q", "-t", "ext4", folder_ / "prebuilt.ext4", "16M"});
    std::string text = read_file(kit_.manifest());
    text.replace(text.find("rootfs.tar"), 10, "prebuilt.ext4");
    text.replace(text.find("\"free\": \"8MiB\""), 14, "\"size\": \"24MiB\"");
    folder_.write("manifest.json", text);
    const Report report = compose_card();
    EXPECT_EQ(report.partitions[1].size, 24U << 20);
    EXPECT_THAT(report.notes, testing::Contains(HasSubstr("of 16MiB does not fill its partition of 24MiB")));
    EXPECT_EQ(run({"e2fsck", "-fn", partition(report, 1, "root.ext4")}).status, 0);
}

TEST_F(Compose, TheImageIsSparse) {
    const Report report = compose_card();
    struct stat status {};
    ASSERT_EQ(::stat(report.output.c_str(), &status), 0);
    EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512, static_cast<std::uint64_t>(status.st_size) / 2);
}

}  // namespace
}  // namespace rpixen
