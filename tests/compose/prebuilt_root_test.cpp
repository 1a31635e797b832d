#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <rpixen/compose.hpp>

#include "support/artifact_kit.hpp"
#include "support/run.hpp"

namespace rpixen {
namespace {

using test::ArtifactKit;
using test::read_file;
using test::run_ok;
using test::TemporaryFolder;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// A prebuilt root of mke2fs with these features, through the whole road.
class PrebuiltRoot : public testing::TestWithParam<const char*> {
  protected:
    PrebuiltRoot() {
        folder_.write("root/sbin/init", "#!/bin/sh\n");
        folder_.write("root/etc/hostname", "card\n");
        run_ok({"mke2fs", "-q", "-F", "-t", "ext4", "-O", GetParam(), "-d", folder_ / "root", folder_ / "root.ext4",
                "32M"});
        // mke2fs before 1.47.2 does not count what -d brings.
        if (std::string(GetParam()).find("quota") != std::string::npos)
            static_cast<void>(test::run({"e2fsck", "-fy", folder_ / "root.ext4"}));
        folder_.write("manifest.json", kit_.manifest_of_prebuilt("root.ext4"));
    }

    Report compose_card() {
        ComposeRequest request;
        request.manifest = kit_.manifest();
        request.output = folder_ / "card.img";
        request.report = folder_ / "card.json";
        request.sync = false;
        return compose(request);
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
};

TEST_P(PrebuiltRoot, HasNoFalseDamage) {
    EXPECT_NO_THROW(compose_card());
    for (const bool by_report : {true, false}) {
        VerifyRequest request;
        request.image = folder_ / "card.img";
        if (by_report)
            request.report = folder_ / "card.json";
        else
            request.manifest = kit_.manifest();
        const Verification verification = verify(request);
        EXPECT_TRUE(verification.differences.empty()) << verification.text();
    }
    for (const std::string& note : inspect({folder_ / "card.img"}).notes)
        EXPECT_EQ(note.find("partition 2"), std::string::npos) << note;
    CheckRequest request;
    request.subject = folder_ / "card.img";
    for (const Diagnostic& diagnostic : check(request).diagnostics)
        EXPECT_EQ(diagnostic.message.find("damage"), std::string::npos) << diagnostic.message;
}

TEST_P(PrebuiltRoot, ThatIsDamagedIsABadInput) {
    run_ok({"debugfs", "-n", "-w", "-R", "sif etc/hostname links_count 7", folder_ / "root.ext4"});
    try {
        compose_card();
        FAIL() << "composed";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
        EXPECT_THAT(std::string(error.what()), HasSubstr("links"));
        EXPECT_THAT(std::string(error.what()), HasSubstr("e2fsck"));
    }
    EXPECT_FALSE(std::filesystem::exists(folder_ / "card.img"));
    EXPECT_FALSE(std::filesystem::exists(folder_ / "card.json"));
}

INSTANTIATE_TEST_SUITE_P(Made, PrebuiltRoot,
                         testing::Values("metadata_csum_seed,orphan_file", "project,quota", "bigalloc",
                                         "ea_inode,inline_data,large_dir", "casefold,verity,fast_commit",
                                         "^has_journal,^flex_bg,^64bit", "^extents,^64bit,^metadata_csum"),
                         [](const auto& kind) {
                             std::string name = kind.param;
                             for (char& letter : name)
                                 if (letter == ',' || letter == '_' || letter == '^')
                                     letter = letter == '^' ? 'N' : 'x';
                             return name;
                         });

class FirmwareFolder : public testing::Test {
  protected:
    Report planned() {
        PlanRequest request;
        request.manifest = kit_.manifest();
        return plan(request);
    }

    TemporaryFolder folder_;
    ArtifactKit kit_{folder_};
};

TEST_F(FirmwareFolder, OfABootPartitionLosesItsFilesWithANote) {
    EXPECT_THAT(planned().notes, testing::Not(Contains(HasSubstr("is not used"))));
    folder_.write("firmware/config.txt", "dtoverlay=disable-bt\n");
    folder_.write("firmware/Image", "an old one");
    folder_.write("firmware/cmdline.txt", "console=tty1 root=PARTUUID=1234-02\n");
    const std::vector<std::string> notes = planned().notes;
    EXPECT_THAT(notes, Contains(HasSubstr("config.txt is not used: put its lines into boot.config_txt")));
    EXPECT_THAT(notes, Contains(HasSubstr("Image is not used")));
    EXPECT_THAT(notes, Contains(HasSubstr("cmdline.txt has no effect")));
    EXPECT_THAT(notes, testing::Not(Contains(HasSubstr("start4.elf is not used"))));
}

TEST_F(FirmwareFolder, ThatIsACloneIsNamedWithTheRightOne) {
    std::filesystem::rename(folder_ / "firmware", folder_ / "boot");
    std::filesystem::create_directory(folder_ / "firmware");
    std::filesystem::rename(folder_ / "boot", folder_ / "firmware/boot");
    try {
        planned();
        FAIL() << "planned";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::artifact) << error.what();
        EXPECT_THAT(std::string(error.what()), HasSubstr("firmware/boot"));
    }
}

}  // namespace
}  // namespace rpixen
