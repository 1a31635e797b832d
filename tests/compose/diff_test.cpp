#include <rpixen/diff.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using nlohmann::json;
using test::run_ok;
using testing::HasSubstr;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

using Lines = std::vector<std::string>;

/// What changes in a card with anything that it is made of: its identifiers are of its content.
const Lines identity{"card: disk signature", "partition 1: identifier", "partition 2: identifier"};

Lines with_identity(Lines lines) {
    lines.insert(lines.end(), identity.begin(), identity.end());
    return lines;
}

/// The values, but those that are digests or identifiers.
std::string values(const ValueDifference& value) {
    for (const char* what : {"content", "identifier", "disk signature", "disk GUID", "PARTUUID"})
        if (value.what == what) return value.what;
    return value.what + " " + value.a + " > " + value.b;
}

std::string place(const ReportRegion& region) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%llx-%llx", static_cast<unsigned long long>(region.begin),
                  static_cast<unsigned long long>(region.end));
    return text.data();
}

/// All of the differences, a line each.
Lines all(const CardDifferences& of) {
    Lines lines;
    for (const ValueDifference& value : of.card) lines.push_back("card: " + values(value));
    for (const PartitionDifference& each : of.partitions) {
        const std::string name = "partition " + std::to_string(each.number);
        if (each.change != Change::changed) lines.push_back(name + " " + name_of(each.change));
        for (const ValueDifference& value : each.values) lines.push_back(name + ": " + values(value));
    }
    for (const FileDifference& file : of.files) {
        const std::string name = std::to_string(file.partition) + ":" + file.path;
        if (file.change != Change::changed) lines.push_back(name + " " + name_of(file.change) + " " + file.type);
        for (const ValueDifference& value : file.values) lines.push_back(name + ": " + values(value));
    }
    for (const RegionDifference& each : of.memory)
        lines.push_back("memory " + each.a.role + " " + place(each.a) + " > " + place(each.b));
    for (const TextDifference& text : of.texts)
        for (const LineDifference& line : text.lines)
            lines.push_back(text.name + " " + std::to_string(line.line) + " " + name_of(line.change) + " " + line.text);
    for (const Diagnostic& finding : of.findings_gone) lines.push_back("gone " + finding.id);
    for (const Diagnostic& finding : of.findings_added) lines.push_back("new " + finding.id);
    if (of.left_out > 0) lines.emplace_back("and more");
    return lines;
}

/// Those that begin so are taken out.
Lines without(Lines lines, const std::string& beginning) {
    std::erase_if(lines, [&](const std::string& line) { return line.starts_with(beginning); });
    return lines;
}

class Diff : public testing::Test {
  protected:
    /// A manifest of the kit, with `change` merged into it (RFC 7396).
    std::string manifest(const std::string& name, const std::string& change = "{}") {
        json value = json::parse(test::read_file(kit_.manifest()));
        value.merge_patch(json::parse(change));
        return folder_.write(name + ".json", value.dump());
    }
    std::string card(const std::string& name, const std::string& change = "{}") {
        ComposeRequest request;
        request.manifest = manifest(name, change);
        request.output = folder_ / (name + ".img");
        request.source_date_epoch = time_;
        request.sync = false;
        compose(request);
        return request.output;
    }
    /// The plain card once more, to be changed by the field's tools.
    std::string copy(const std::string& name) {
        const std::string image = folder_ / (name + ".img");
        std::filesystem::copy_file(plain(), image);
        return image;
    }
    const std::string& plain() {
        if (plain_.empty()) plain_ = card("plain");
        return plain_;
    }
    CardDifferences differences(const std::string& a, const std::string& b, VerifyForm form = VerifyForm::full) {
        return diff({a, b, time_, {}, form});
    }
    /// What is different from the plain card; the other way round it is as much.
    Lines from_plain(const std::string& b) {
        Lines lines = all(differences(plain(), b));
        EXPECT_EQ(all(differences(b, plain())).size(), lines.size());
        return lines;
    }
    void debugfs(const std::string& image, const std::string& request) {
        run_ok({"debugfs", "-w", "-R", request, image + "?offset=" + std::to_string(root_offset_)});
    }

    static constexpr std::int64_t time_ = 1764144000;
    static constexpr std::uint64_t boot_offset_ = 4 << 20;
    static constexpr std::uint64_t root_offset_ = 52 << 20;
    test::TemporaryFolder folder_;
    test::ArtifactKit kit_{folder_};
    std::string plain_;
};

TEST_F(Diff, EqualCardsHaveNone) {
    const CardDifferences same = differences(plain(), copy("same"));
    EXPECT_THAT(all(same), UnorderedElementsAre());
    EXPECT_TRUE(same.equal());
    EXPECT_EQ(same.text(), "the cards are equal\n");
    EXPECT_EQ(json::parse(same.json())["equal"], true);
}

TEST_F(Diff, ManifestsMayBeTexts) {
    const std::string path = manifest("plain");
    DiffRequest request;
    request.a = plain();
    request.source_date_epoch = time_;
    request.manifest_b = ManifestSource::of_text(test::read_file(path), folder_ / "");
    const CardDifferences same = diff(request);
    EXPECT_THAT(all(same), UnorderedElementsAre());
    EXPECT_EQ(same.b, "rpixen");
    request.manifest_b = ManifestSource::of_value(parse_manifest(test::read_file(path), path));
    EXPECT_TRUE(diff(request).equal());
    request.a.clear();
    try {
        diff(request);
        FAIL() << "one card";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
    }
}

TEST_F(Diff, ACompressedImageAndItsManifestAreTheSameCard) {
    run_ok({"xz", "-0", "-k", plain()});
    EXPECT_TRUE(differences(plain(), plain() + ".xz").equal());
    EXPECT_THAT(all(differences(plain(), manifest("plain"))), UnorderedElementsAre());
    EXPECT_THAT(all(differences(manifest("plain"), plain())), UnorderedElementsAre());
    EXPECT_TRUE(differences(manifest("plain"), manifest("plain")).equal());
}

TEST_F(Diff, APrebuiltRootIsTheSameCardAsItsManifest) {
    run_ok({"mke2fs", "-q", "-t", "ext4", "-d", folder_ / "firmware", folder_ / "root.ext4", "8M"});
    ComposeRequest request;
    request.manifest = folder_.write("prebuilt.json", kit_.manifest_of_prebuilt("root.ext4"));
    request.output = folder_ / "prebuilt.img";
    request.source_date_epoch = time_;
    for (const DiagnosticRule& rule : diagnostic_rules()) request.allow.emplace_back(rule.id);
    compose(request);
    const auto compare = [&](const std::string& a, const std::string& b) {
        return all(diff({a, b, time_, request.allow, VerifyForm::full}));
    };
    EXPECT_THAT(compare(request.output, request.manifest.path()), UnorderedElementsAre());
    EXPECT_THAT(compare(request.manifest.path(), request.output), UnorderedElementsAre());
}

TEST_F(Diff, AKernel) {
    std::string kernel = test::ArtifactKit::kernel();
    kernel[kernel.size() - 1] ^= 1;
    folder_.write("other", kernel);
    EXPECT_THAT(from_plain(card("b", R"({"artifacts": {"kernel": "other"}})")),
                UnorderedElementsAreArray(with_identity({"1:/Image: content"})));
    // Without the data of files nothing of it is seen.
    EXPECT_THAT(all(differences(plain(), folder_ / "b.img", VerifyForm::quick)), UnorderedElementsAreArray(identity));
}

TEST_F(Diff, ALineOfConfigTxt) {
    EXPECT_THAT(from_plain(card("b", R"({"boot": {"config_txt": ["dtparam=audio=on"]}})")),
                UnorderedElementsAreArray(
                    with_identity({"1:/config.txt: size 136 > 153", "config.txt 6 added dtparam=audio=on"})));
}

TEST_F(Diff, AnAddress) {
    const Lines lines = from_plain(card("b", R"({"boot": {"addresses": {"kernel": "0x600000"}}})"));
    const std::string loaded = " dom0 kernel: Image, 3145728 bytes, loaded to ";
    const std::string module = ", 3145728 bytes: xen,linux-zimage, xen,multiboot-module";
    EXPECT_THAT(
        without(lines, "boot.scr "),
        UnorderedElementsAreArray(with_identity(
            {"memory kernel 480000-780000 > 600000-900000", "1:/bcm2711-rpi-4-b.dtb: content", "1:/boot.scr: content",
             "1:/overlays/pi4-64-xen.dtbo: content", "facts 3 removed" + loaded + "0x480000, release 6.1.0-37-arm64",
             "facts 3 added" + loaded + "0x600000, release 6.1.0-37-arm64",
             "facts 5 removed module /chosen/dom0 at 0x480000" + module,
             "facts 5 added module /chosen/dom0 at 0x600000" + module})));
    // The line that loads it, in the script.
    EXPECT_EQ(lines.size(), without(lines, "boot.scr ").size() + 2);
}

TEST_F(Diff, AFinding) {
    const std::string b = copy("b");
    run_ok({"mdel", "-i", b + "@@" + std::to_string(boot_offset_), "::start4.elf"});
    EXPECT_THAT(from_plain(b), UnorderedElementsAre("1:/start4.elf removed file", "new firmware-incomplete"));
    EXPECT_THAT(all(differences(b, plain())),
                UnorderedElementsAre("1:/start4.elf added file", "gone firmware-incomplete"));
    EXPECT_THAT(differences(plain(), b).text(), HasSubstr("New findings\nerror [firmware-incomplete]"));
}

TEST_F(Diff, TheSizeOfAPartition) {
    const Lines lines = from_plain(card("b", R"({"image": {"root_partition": {"free": "16MiB"}}})"));
    EXPECT_THAT(lines, UnorderedElementsAre("card: size 69MiB > 77MiB", "partition 2: size 17MiB > 25MiB",
                                            "partition 2: file system's size 17MiB > 25MiB"));
}

TEST_F(Diff, TheModeOfARootFile) {
    const std::string b = copy("b");
    debugfs(b, "set_inode_field /etc/hostname mode 0100600");
    EXPECT_THAT(from_plain(b), UnorderedElementsAre("2:/etc/hostname: mode 0644 > 0600"));
    EXPECT_THAT(differences(plain(), b).text(), HasSubstr("~ 2:/etc/hostname: mode 0644 -> 0600"));
}

TEST_F(Diff, AnExtendedAttribute) {
    const std::string b = copy("b");
    debugfs(b, "ea_set /etc/caps user.note goodbye");
    EXPECT_THAT(from_plain(b), UnorderedElementsAre("2:/etc/caps: attribute user.note \"hello\" > \"goodbye\""));
}

TEST_F(Diff, OwnerAndTime) {
    const std::string b = copy("b");
    debugfs(b, "set_inode_field /etc/hostname uid 7");
    debugfs(b, "set_inode_field /etc/hostname mtime 1700000001");
    EXPECT_THAT(from_plain(b),
                UnorderedElementsAre("2:/etc/hostname: owner 0:0 > 7:0",
                                     "2:/etc/hostname: time 1700000000.000000000 > 1700000001.000000000"));
}

TEST_F(Diff, AFileThatIsThereAndOneThatIsGone) {
    const std::string b = copy("b");
    debugfs(b, "rm /etc/inittab");
    debugfs(b, "symlink /etc/link inittab");
    const Lines lines = from_plain(b);
    EXPECT_THAT(lines, testing::IsSupersetOf({"2:/etc/inittab removed file", "2:/etc/link added symlink"}));
    for (const std::string& line : lines)
        EXPECT_TRUE(line.starts_with("2:/etc/") || line.starts_with("new ") || line.starts_with("2:/etc: time"))
            << line;
    EXPECT_THAT(differences(plain(), b).text(),
                testing::AllOf(HasSubstr("  - 2:/etc/inittab (file)\n"), HasSubstr("  + 2:/etc/link (symlink)\n")));
}

TEST_F(Diff, Labels) {
    const std::string b = copy("b");
    run_ok({"mlabel", "-i", b + "@@" + std::to_string(boot_offset_), "::OTHER"});
    const std::string root = b + "?offset=" + std::to_string(root_offset_);
    run_ok({"debugfs", "-w", "-R", "set_super_value volume_name other", root});
    EXPECT_THAT(from_plain(b),
                UnorderedElementsAre("partition 1: label BOOT > OTHER", "partition 2: label root > other"));
}

TEST_F(Diff, AGptForAnMbr) {
    const std::string b = copy("b");
    std::filesystem::resize_file(b, std::filesystem::file_size(b) + (1 << 20));
    run_ok({"sgdisk", "--mbrtogpt", b});
    const Lines lines = from_plain(b);
    EXPECT_THAT(without(without(lines, "new "), "facts "),
                UnorderedElementsAre(
                    "card: size 69MiB > 70MiB", "card: partition table mbr > gpt", "card: disk signature",
                    "partition 1: type 0x0c > ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "partition 1: active yes > no",
                    "partition 2: type 0x83 > 0fc63daf-8483-4772-8e79-3d69d8477de4"));
}

TEST_F(Diff, APartitionMore) {
    const std::string b = copy("b");
    std::filesystem::resize_file(b, std::filesystem::file_size(b) + (4 << 20));
    run_ok({"sfdisk", "-q", "--append", "--no-reread", b}, "size=6144, type=82\n");
    EXPECT_THAT(without(from_plain(b), "partition 3: "),
                UnorderedElementsAre("card: size 69MiB > 73MiB", "partition 3 added"));
    EXPECT_THAT(differences(plain(), b).text(), HasSubstr("  + partition 3: first byte "));
}

TEST_F(Diff, WhatNoReaderKnowsIsComparedByteForByte) {
    const std::string a = copy("a");
    std::filesystem::resize_file(a, std::filesystem::file_size(a) + (4 << 20));
    run_ok({"sfdisk", "-q", "--append", "--no-reread", a}, "start=141312, size=6144, type=82\n");
    const std::string b = folder_ / "b.img";
    std::filesystem::copy_file(a, b);
    EXPECT_TRUE(differences(a, b).equal());
    const std::string command = "printf x | dd of='" + b + "' bs=1 seek=72355840 conv=notrunc status=none";
    run_ok({"sh", "-c", command});
    EXPECT_THAT(all(differences(a, b)), UnorderedElementsAre("partition 3: content"));
    EXPECT_THAT(differences(a, b, VerifyForm::quick).notes, testing::Contains(HasSubstr("partition 3")));
}

TEST_F(Diff, WhatIsNoCardIsAnError) {
    const std::string text = folder_.write("text", "neither nor");
    try {
        differences(plain(), text);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact);
    }
    EXPECT_THROW(differences(folder_ / "none", plain()), Error);
}

}  // namespace
}  // namespace rpixen
