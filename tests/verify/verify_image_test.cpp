#include "verify/verify_image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <rpixen/error.hpp>

#include "backend/image_backend.hpp"
#include "format/uboot_image.hpp"
#include "fs/edge_trees.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"
#include "verify/verification_report.hpp"

namespace rpixen {
namespace {

using test::run_ok;
using test::TemporaryFolder;
using testing::AllOf;
using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto differs(const std::string& path, const std::string& what) {
    return Contains(AllOf(Field(&Difference::path, HasSubstr(path)), Field(&Difference::what, HasSubstr(what))));
}

Card small_plan() {
    Card plan = test::edge_plan();
    plan.partitions[1].tree = test::edge_root_tree(50);
    FileTree& boot = plan.partitions[0].tree;
    UbootImage script;
    script.name = "boot script";
    boot.add_file(boot.locate("boot.scr"), {0755, 0, 0, {1'600'000'000, 0}},
                  memory_content(make_uboot_image(script, as_bytes("echo hello\n")), "boot.scr"));
    return plan;
}

std::string listed(const std::vector<Difference>& differences) {
    std::string text;
    for (const Difference& difference : differences)
        text += difference.partition + ":" + difference.path + ": " + difference.what + ": expected " +
                difference.expected + ", found " + difference.found + "\n";
    return text;
}

/// A card of the direct back end that the tests damage.
class VerifyImage : public testing::Test {
  protected:
    static constexpr std::uint64_t boot_offset = 4 * MiB;
    static constexpr std::uint64_t root_offset = 44 * MiB;

    VerifyImage() {
        OutputFile output(image_);
        direct_backend()->write(plan_, output, {});
        output.commit(false);
    }

    std::vector<Difference> verify(VerifyForm form = VerifyForm::full) {
        return verify_image(plan_, image_, "direct", form, {}).differences;
    }
    void flip(std::uint64_t byte, int bit = 0) {
        std::fstream file(image_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(static_cast<std::streamoff>(byte));
        const int value = file.get();
        ASSERT_GE(value, 0);
        file.seekp(static_cast<std::streamoff>(byte));
        file.put(static_cast<char>(value ^ (1 << bit)));
    }
    std::string debugfs(const std::string& request) {
        return run_ok({"debugfs", "-w", "-R", request, image_ + "?offset=" + std::to_string(root_offset)});
    }
    std::uint64_t block_of(const std::string& path) { return std::stoull(debugfs("bmap " + path + " 0")); }
    std::string mtools_image() const { return image_ + "@@" + std::to_string(boot_offset); }
    /// Where a text stands in the boot partition.
    std::uint64_t find_in_boot(const std::string& text) {
        const std::string whole = test::read_file(image_);
        return whole.find(text, boot_offset);
    }

    TemporaryFolder folder_;
    std::string image_ = folder_ / "card.img";
    Card plan_ = small_plan();
};

TEST_F(VerifyImage, AGoodOneHoldsEverything) {
    EXPECT_EQ(listed(verify()), "");
    EXPECT_EQ(listed(verify(VerifyForm::quick)), "");
    const Verification full = verify_image(plan_, image_, "direct", VerifyForm::full, {});
    EXPECT_GT(full.files, 400U);
    EXPECT_GT(full.bytes, 6'000'000U);
    const Verification quick = verify_image(plan_, image_, "direct", VerifyForm::quick, {});
    EXPECT_EQ(quick.files, full.files);
    EXPECT_LT(quick.bytes, 100'000U);
}

TEST_F(VerifyImage, ACompressedOneIsUnpacked) {
    test::run_ok({"zstd", "-q", "-f", image_});
    EXPECT_EQ(listed(verify_image(plan_, image_ + ".zst", "direct", VerifyForm::full, {}).differences), "");
    try {
        verify_image(plan_, image_ + ".zst", "guestfs", VerifyForm::full, {});
        FAIL() << "the appliance was given a compressed image";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
    }
}

TEST_F(VerifyImage, AByteOfTheDiskSignature) {
    flip(440);
    EXPECT_THAT(verify(VerifyForm::quick), differs("partition table", "disk signature"));
}

TEST_F(VerifyImage, TheTypeAndTheActiveFlagOfAPartition) {
    flip(446 + 16 + 4, 4);
    flip(446, 7);
    EXPECT_THAT(verify(VerifyForm::quick),
                AllOf(differs("partition table", "type"), differs("partition table", "active")));
}

TEST_F(VerifyImage, TheLengthOfAPartition) {
    flip(446 + 16 + 12);
    EXPECT_THAT(verify(VerifyForm::quick), differs("partition table", "size"));
}

TEST_F(VerifyImage, AByteOfTheBootSector) {
    flip(boot_offset + 67);
    EXPECT_THAT(verify(VerifyForm::quick), differs("file system", "identifier"));
}

TEST_F(VerifyImage, TheBootSectorsMagic) {
    flip(boot_offset + 510);
    EXPECT_THAT(verify(VerifyForm::quick), differs("file system", "kind"));
}

TEST_F(VerifyImage, AFatCopy) {
    const std::uint64_t fat_sectors = std::stoull(
        run_ok({"minfo", "-i", mtools_image(), "::"})
            .substr(run_ok({"minfo", "-i", mtools_image(), "::"}).find("Big fatlen=") + 11));
    const std::uint64_t reserved = 32;
    flip(boot_offset + (reserved + fat_sectors) * 512 + 4 * 100);
    EXPECT_THAT(verify(VerifyForm::quick), Contains(Field(&Difference::partition, "boot")));
}

TEST_F(VerifyImage, ASuperblock) {
    flip(root_offset + 1024 + 0x30);
    EXPECT_THAT(verify(VerifyForm::quick), Contains(Field(&Difference::partition, "root")));
}

TEST_F(VerifyImage, AnInode) {
    const std::string place = debugfs("imap /contents/of-4096");
    const auto block = std::stoull(place.substr(place.find("block ", place.find("located")) + 6));
    const auto inside = std::stoull(place.substr(place.find("offset") + 7), nullptr, 16);
    flip(root_offset + block * 4096 + inside + 0);
    const auto found = verify(VerifyForm::quick);
    EXPECT_THAT(found, Contains(Field(&Difference::path, HasSubstr("inode"))));
    EXPECT_THAT(found, Contains(Field(&Difference::path, HasSubstr("/contents/of-4096"))));
}

TEST_F(VerifyImage, ADirectoryBlock) {
    flip(root_offset + block_of("/links") * 4096 + 30);
    EXPECT_THAT(verify(VerifyForm::quick), Contains(Field(&Difference::what, HasSubstr("directory"))));
}

TEST_F(VerifyImage, AByteOfFileData) {
    flip(root_offset + block_of("/contents/of-65536") * 4096 + 777, 5);
    EXPECT_EQ(listed(verify(VerifyForm::quick)), "");
    const auto found = verify();
    ASSERT_EQ(found.size(), 1U) << listed(found);
    EXPECT_EQ(found[0].path, "/contents/of-65536");
    EXPECT_EQ(found[0].what, "content");
}

TEST_F(VerifyImage, AByteOfABootFile) {
    flip(find_in_boot("arm_64bit=1"));
    const auto found = verify(VerifyForm::quick);
    ASSERT_EQ(found.size(), 1U) << listed(found);
    EXPECT_EQ(found[0].path, "/config.txt");
}

TEST_F(VerifyImage, TheScriptsData) {
    flip(find_in_boot("echo hello"));
    EXPECT_THAT(verify(VerifyForm::quick), differs("/boot.scr", "content"));
}

TEST_F(VerifyImage, TheScriptsHeader) {
    flip(find_in_boot("boot script"));
    EXPECT_THAT(verify(VerifyForm::quick), differs("/boot.scr", "content"));
}

TEST_F(VerifyImage, OneModeBit) {
    debugfs("sif /modes/setuid mode 0100755");
    const auto found = verify(VerifyForm::quick);
    ASSERT_EQ(found.size(), 1U) << listed(found);
    EXPECT_EQ(found[0], (Difference{"root", "/modes/setuid", "mode", "4755", "0755"}));
}

TEST_F(VerifyImage, AnOwnerAndATime) {
    debugfs("sif /contents/of-1 uid 7");
    debugfs("sif /contents/of-0 mtime @0x1234");
    EXPECT_THAT(verify(VerifyForm::quick),
                AllOf(differs("/contents/of-1", "owner"), differs("/contents/of-0", "time")));
}

TEST_F(VerifyImage, AMissingAttribute) {
    debugfs("ea_rm /attributes/user user.text");
    const auto found = verify(VerifyForm::quick);
    ASSERT_EQ(found.size(), 1U) << listed(found);
    EXPECT_EQ(found[0], (Difference{"root", "/attributes/user", "attribute user.text", "\"words\"", "missing"}));
}

TEST_F(VerifyImage, AnExtraFile) {
    debugfs("write " + folder_.write("extra", "extra") + " extra");
    EXPECT_THAT(verify(VerifyForm::quick), differs("/extra", "unexpected"));
}

TEST_F(VerifyImage, AMissingFileAndItsLinkCount) {
    debugfs("rm /links/two");
    EXPECT_THAT(verify(VerifyForm::quick), AllOf(differs("/links/two", "missing"), differs("/links/one", "links")));
}

TEST_F(VerifyImage, FilesOfTheBootPartition) {
    run_ok({"mdel", "-i", mtools_image(), "::/UPPER.TXT"});
    run_ok({"mcopy", "-i", mtools_image(), folder_.write("extra", "extra"), "::/folder/extra"});
    EXPECT_THAT(verify(VerifyForm::quick),
                AllOf(differs("/UPPER.TXT", "missing"), differs("/folder/extra", "unexpected")));
}

TEST_F(VerifyImage, ATruncatedImage) {
    std::filesystem::resize_file(image_, plan_.size - 1 * MiB);
    EXPECT_THAT(verify(VerifyForm::quick), differs("image", "size"));
}

TEST_F(VerifyImage, AnUnknownReader) {
    try {
        verify_image(plan_, image_, "other", VerifyForm::quick, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::usage);
    }
}

TEST_F(VerifyImage, CancelIsHeeded) {
    CancelToken token;
    token.cancel();
    try {
        verify_image(plan_, image_, "direct", VerifyForm::full, {nullptr, &token});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
}

TEST_F(VerifyImage, AReportSaysWhatThePlanSays) {
    const std::string report = folder_ / "report.json";
    OutputFile file(report);
    write_verification_report(plan_, file);
    file.commit();
    const Card plan = parse_verification_report(test::read_file(report), report);
    EXPECT_EQ(listed(verify_image(plan, image_, "direct", VerifyForm::full, {}).differences), "");
    EXPECT_EQ(make_verification_report(plan, {}), test::read_file(report));
    flip(root_offset + block_of("/contents/of-65536") * 4096 + 777, 5);
    const auto found = verify_image(plan, image_, "direct", VerifyForm::full, {}).differences;
    ASSERT_EQ(found.size(), 1U) << listed(found);
    EXPECT_EQ(found[0].what, "content");
}

TEST_F(VerifyImage, AWrittenImageThatDiffersIsAnError) {
    OutputFile output(folder_ / "other.img");
    direct_backend()->write(plan_, output, {});
    EXPECT_NO_THROW(verify_written(plan_, output, VerifyForm::full, {}));
    output.write(440, as_bytes("x"));
    try {
        verify_written(plan_, output, VerifyForm::quick, {});
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::verification);
        EXPECT_THAT(error.what(), HasSubstr("disk signature"));
    }
}

TEST_F(VerifyImage, APrebuiltPartitionIsComparedByItsBytes) {
    const std::string whole = test::read_file(image_);
    plan_.partitions[1].file_system = Copied{memory_content(whole.substr(root_offset, 64 * MiB), "prebuilt"), {}};
    plan_.partitions[1].tree = FileTree();
    EXPECT_EQ(listed(verify()), "");
    flip(root_offset + 60 * MiB);
    EXPECT_THAT(verify(), differs("partition", "content"));
}

}  // namespace
}  // namespace rpixen
