#include "card/plan_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rpixen {
namespace {

using testing::HasSubstr;

constexpr Metadata plain{0644, 0, 0, {1000, 0}};

RootFileSystem small_root() {
    RootFileSystem root;
    root.tree.add_file(root.tree.locate("etc/hostname"), plain, memory_content("dom0\n", "hostname"));
    return root;
}

RootFileSystem prebuilt(std::uint64_t size) {
    RootFileSystem root;
    root.prebuilt = memory_content(Bytes(size), "root.ext4");
    return root;
}

ArtifactSet with_files(std::initializer_list<const char*> texts) {
    ArtifactSet artifacts;
    for (const char* text : texts) artifacts.extra_files.push_back(memory_content(text, text));
    return artifacts;
}

BootPlan two_files() {
    BootPlan boot;
    boot.files.push_back({"config.txt", memory_content("arm_64bit=1\n", "config.txt")});
    boot.files.push_back({"overlays/pi4-64-xen.dtbo", memory_content("x", "overlay")});
    return boot;
}

std::string failure(const Manifest& manifest, RootFileSystem root, ErrorCode code, const ArtifactSet& artifacts = {}) {
    try {
        plan_card(manifest, artifacts, std::move(root), two_files(), 1000);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code) << error.what();
        return error.what();
    }
    ADD_FAILURE() << "planned";
    return {};
}

TEST(PlanImage, TheDefaultCardIsAFatAndAnExt4OnAlignedPlaces) {
    const Card plan = plan_card(Manifest{}, {}, small_root(), two_files(), 1000);
    ASSERT_EQ(plan.partitions.size(), 2U);
    const Partition& boot = plan.partitions[0];
    const Partition& root = plan.partitions[1];
    EXPECT_EQ(boot.range, (Range{4 * MiB, 260 * MiB}));
    EXPECT_EQ(boot.mbr_type, 0x0c);
    EXPECT_TRUE(boot.active);
    EXPECT_EQ(boot.fat()->hidden_sectors, 8192U);
    EXPECT_EQ(root.range.begin, 260 * MiB);
    EXPECT_EQ(root.range.begin, root_partition_offset(Manifest{}));
    EXPECT_EQ(root.mbr_type, 0x83);
    EXPECT_FALSE(root.active);
    EXPECT_EQ(plan.size % MiB, 0U);
    EXPECT_EQ(plan.size, root.range.end);
    EXPECT_TRUE(boot.tree.find("overlays/pi4-64-xen.dtbo"));
    EXPECT_LE(root.ext()->block_count * 4096, root.range.size());
}

TEST(PlanImage, AnExactImageIsFilledOrHasRoomLeft) {
    Manifest manifest;
    manifest.image_size = {SizeWish::Kind::exact, 1 * GiB};
    manifest.root_size.kind = SizeWish::Kind::fill;
    const Card filled = plan_card(manifest, {}, small_root(), two_files(), 1000);
    EXPECT_EQ(filled.size, 1 * GiB);
    EXPECT_EQ(filled.partitions[1].range.end, 1 * GiB);
    manifest.root_size.kind = SizeWish::Kind::automatic;
    const Card left = plan_card(manifest, {}, small_root(), two_files(), 1000);
    EXPECT_EQ(left.size, 1 * GiB);
    EXPECT_LT(left.partitions[1].range.end, 1 * GiB);
}

TEST(PlanImage, AnImageThatIsTooSmallIsRefused) {
    Manifest manifest;
    manifest.image_size = {SizeWish::Kind::exact, 128 * MiB};
    failure(manifest, small_root(), ErrorCode::unfit);
    manifest.image_size.bytes = 264 * MiB;
    failure(manifest, small_root(), ErrorCode::unfit);
}

TEST(PlanImage, FillNeedsAnImageSize) {
    Manifest manifest;
    manifest.root_size.kind = SizeWish::Kind::fill;
    EXPECT_THAT(failure(manifest, small_root(), ErrorCode::manifest), HasSubstr("image.size"));
}

TEST(PlanImage, AnOddImageSizeIsRefused) {
    Manifest manifest;
    manifest.image_size = {SizeWish::Kind::exact, 1 * GiB + 512};
    EXPECT_THAT(failure(manifest, small_root(), ErrorCode::manifest), HasSubstr("1MiB"));
}

TEST(PlanImage, ABootPartitionThatWouldBeAFat16IsRefused) {
    Manifest manifest;
    manifest.boot_size = 32 * MiB;
    EXPECT_THAT(failure(manifest, small_root(), ErrorCode::manifest), HasSubstr("FAT32"));
}

TEST(PlanImage, AWishThatAPrebuiltRootCannotFulfilIsAnError) {
    for (const char* wish : {"label", "free"}) {
        Manifest manifest;
        manifest.locations["/image/root_partition/" + std::string(wish)] = {"", "", 7, 3};
        EXPECT_THAT(failure(manifest, prebuilt(3 * MiB), ErrorCode::manifest),
                    HasSubstr(std::string(":7:3: /image/root_partition/") + wish));
    }
}

TEST(PlanImage, APrebuiltRootKeepsItsSizeAndTakesNoFiles) {
    Manifest manifest;
    const Card plan = plan_card(manifest, {}, prebuilt(3 * MiB + 4096), two_files(), 1000);
    EXPECT_NE(plan.partitions[1].copied(), nullptr);
    EXPECT_EQ(plan.partitions[1].range.size(), 4 * MiB);

    manifest.root_size = {SizeWish::Kind::exact, 2 * MiB};
    EXPECT_THAT(failure(manifest, prebuilt(3 * MiB), ErrorCode::unfit), HasSubstr("prebuilt"));

    manifest.root_size = {};
    manifest.files.push_back({ExtraFile::Partition::root, "hostname", "hostname", "/etc/hostname", {}, 0, 0, {}});
    EXPECT_THAT(failure(manifest, prebuilt(3 * MiB), ErrorCode::unfit, with_files({"x"})), HasSubstr("/etc/hostname"));
}

TEST(PlanImage, ExtraFilesComeLastAndReplaceWhatIsThere) {
    Manifest manifest;
    manifest.files.push_back({ExtraFile::Partition::root, "hostname", "hostname", "/etc/hostname", 0600, 7, 8, {}});
    manifest.files.push_back({ExtraFile::Partition::boot, "notes", "notes", "/docs/notes.txt", {}, 0, 0, {}});
    const Card plan = plan_card(manifest, with_files({"another\n", "n"}), small_root(), two_files(), 1000);
    const FileTree& root = plan.partitions[1].tree;
    const NodeId node = root.find("/etc/hostname").value();
    EXPECT_EQ(as_text(read_all(root.content(node))), "another\n");
    EXPECT_EQ(root.metadata(node), (Metadata{0600, 7, 8, {1000, 0}}));
    EXPECT_TRUE(plan.partitions[0].tree.find("/docs/notes.txt"));
}

TEST(PlanImage, TheIdentifiersFollowTheContent) {
    const Card one = plan_card(Manifest{}, {}, small_root(), two_files(), 1000);
    const Card again = plan_card(Manifest{}, {}, small_root(), two_files(), 1000);
    BootPlan other = two_files();
    other.files[0].content = memory_content("arm_64bit=0\n", "config.txt");
    const Card changed = plan_card(Manifest{}, {}, small_root(), other, 1000);
    EXPECT_EQ(one.disk_signature, again.disk_signature);
    EXPECT_EQ(one.partitions[1].ext()->uuid, again.partitions[1].ext()->uuid);
    EXPECT_NE(one.disk_signature, changed.disk_signature);
    EXPECT_NE(one.partitions[0].fat()->volume_id, changed.partitions[0].fat()->volume_id);
    EXPECT_NE(one.partitions[1].ext()->uuid, changed.partitions[1].ext()->uuid);
}

}  // namespace
}  // namespace rpixen
