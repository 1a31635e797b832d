#include "artifact/ingest_root.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "artifact/samples.hpp"
#include "artifact/tar_maker.hpp"
#include "base/digest.hpp"
#include "support/run.hpp"

namespace rpixen::test {
namespace {

using testing::HasSubstr;
using namespace std::string_literals;

/// The layers of a root file system in a folder, first only one tar.
class IngestRoot : public testing::Test {
  protected:
    IngestRoot() { layers_.push_back(add("root.tar", TarMaker().file("etc/hostname", "pi\n").finish())); }

    ArtifactReference add(const std::string& name, const std::string& bytes) {
        ArtifactReference reference;
        reference.path = name;
        reference.resolved = folder_.write(name, bytes);
        reference.location = {"manifest.json", "/artifacts/rootfs", 3, 5};
        return reference;
    }
    RootFileSystem ingest() { return ingest_root(layers_, store_, {}, given_up_); }
    /// One problem, which has these words and stands where the reference does.
    void refused(const std::string& words, const Location& location) {
        const Error error = error_of([&] { ingest(); });
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        ASSERT_EQ(error.problems().size(), 1U) << error.what();
        EXPECT_THAT(error.what(), HasSubstr(words));
        EXPECT_EQ(error.problems()[0].location, location);
    }

    TemporaryFolder folder_;
    std::vector<ArtifactReference> layers_;
    MemoryStore store_;
    CancelToken given_up_;
};

TEST_F(IngestRoot, FilesOfAPlainTarStayWhereTheyAre) {
    const RootFileSystem root = ingest();
    EXPECT_EQ(content_of(root.tree, "etc/hostname"), "pi\n");
    EXPECT_THAT(root.inputs, testing::ElementsAre(folder_ / "root.tar"));
    EXPECT_EQ(store_.appended(), 0U);
}

TEST_F(IngestRoot, PinsAreHeldAgainstTheBytesAsTheyLie) {
    const std::string wrong(64, '0');
    const std::string packed = run_ok({"zstd", "-c"}, TarMaker().file("etc/hostname", "pi\n").finish());
    layers_[0] = add("root.tar.zst", packed);
    layers_[0].sha256 = hex(sha256(as_bytes(packed)));
    EXPECT_EQ(content_of(ingest().tree, "etc/hostname"), "pi\n");
    EXPECT_EQ(store_.appended(), 3U);

    layers_[0].sha256 = wrong;
    refused(hex(sha256(as_bytes(packed))), layers_[0].location);
    refused(wrong, layers_[0].location);
    layers_[0] = add("root.tar", TarMaker().file("x", "").finish());
    layers_[0].sha256 = wrong;
    refused(wrong, layers_[0].location);
    layers_[0].sha256.reset();
    folder_.write("tree/x", "");
    layers_[0] = ArtifactReference{"tree", folder_ / "tree", wrong, {"m", "/p", 1, 1}};
    refused("a folder has no digest", layers_[0].location);
}

TEST_F(IngestRoot, LayersOfTarsAndFolders) {
    folder_.write("layer/etc/hostname", "other\n");
    folder_.write("layer/etc/motd", "hello\n");
    layers_.push_back(ArtifactReference{"layer", folder_ / "layer", {}, {}});
    layers_.push_back(add("last.tar.xz", run_ok({"xz", "-c"}, TarMaker().file("etc/motd", "last").finish())));
    const RootFileSystem root = ingest();
    EXPECT_EQ(content_of(root.tree, "etc/hostname"), "other\n");
    EXPECT_EQ(content_of(root.tree, "etc/motd"), "last");
}

TEST_F(IngestRoot, PrebuiltExt4) {
    const std::string image = folder_.write("root.img", "");
    std::filesystem::resize_file(image, 4 << 20);
    run_ok({"mke2fs", "-q", "-t", "ext4", "-F", image});
    layers_ = {ArtifactReference{"root.img", image, {}, {"m", "/rootfs", 1, 1}}};
    const RootFileSystem root = ingest();
    ASSERT_TRUE(root.prebuilt);
    EXPECT_EQ(root.prebuilt->size, 4U << 20);

    layers_.push_back(add("more.tar", TarMaker().file("x", "").finish()));
    refused("alone", layers_[0].location);
    layers_.pop_back();
    const std::string whole = read_file(image);
    std::filesystem::resize_file(image, (4 << 20) - 4096);
    refused("ends before its file system", layers_[0].location);

    const auto refused_with = [&](std::size_t byte, char value, const std::string& words) {
        std::string changed = whole;
        changed[1024 + byte] = value;
        folder_.write("root.img", changed);
        refused(words, layers_[0].location);
    };
    refused_with(24, 7, "damaged superblock");
    refused_with(58, 3, "marked as damaged");
    refused_with(58, 0, "was not unmounted");
    refused_with(96, static_cast<char>(whole[1024 + 96] | 4), "was not unmounted");
}

TEST_F(IngestRoot, RootFileSystemsThatAreNone) {
    layers_[0] = add("root.tar", "text");
    refused("text", layers_[0].location);
    layers_[0] = add("root.tar", "");
    refused("an empty file", layers_[0].location);
    for (const std::string& inside : {"text"s, arm64_header(0x200000), ""s}) {
        layers_[0] = add("root.tar.gz", run_ok({"gzip", "-c"}, inside));
        const Error error = error_of([&] { ingest(); });
        EXPECT_EQ(error.code(), ErrorCode::artifact);
        EXPECT_THAT(error.what(), HasSubstr("no tar"));
    }
    const std::string packed = run_ok({"gzip", "-c"}, TarMaker().file("x", std::string(5000, 'x')).finish());
    layers_[0] = add("root.tar.gz", packed.substr(0, packed.size() - 6));
    const Error error = error_of([&] { ingest(); });
    EXPECT_EQ(error.code(), ErrorCode::artifact);
    EXPECT_THAT(error.what(), HasSubstr("end early"));
}

TEST_F(IngestRoot, RootsInAFormThatIsNotReadAreNamed) {
    layers_[0] = add("root.squashfs", "hsqs" + std::string(4096, '\0'));
    refused(
        "a squashfs image; allowed: a tar (plain, gzip, xz, zstd, bzip2, lz4), a folder, an ext4 image or a "
        "container image; unpack it with 'unsquashfs",
        layers_[0].location);
    layers_[0] = add("root.cpio.gz", run_ok({"gzip", "-c"}, "070701" + std::string(4096, '0')));
    const Error error = error_of([&] { ingest(); });
    EXPECT_THAT(error.what(), HasSubstr("a cpio archive inside"));
    EXPECT_THAT(error.what(), HasSubstr("cpio -idm"));
}

TEST_F(IngestRoot, NotesTellWhatBecameOfLayers) {
    layers_.push_back(add("more.tar", TarMaker().file("etc/.wh.hostname", "").finish()));
    EXPECT_THAT(ingest().notes, testing::ElementsAre("more.tar: 1 whiteout applied, 1 name of earlier layers dropped"));
    layers_[0] = add("long.tar.zst", run_ok({"zstd", "-q", "--ultra", "--long=31", "-c"},
                                            TarMaker().file("etc/hostname", "pi\n").finish()));
    EXPECT_THAT(ingest().notes, testing::Contains(HasSubstr("window is 2GiB")));
}

TEST_F(IngestRoot, ATarWithoutClosingBlocks) {
    const std::string tar = TarMaker().file("etc/hostname", "pi\n").unfinished();
    layers_[0] = add("root.tar", tar);
    run_ok({"tar", "-tf", layers_[0].resolved});
    const auto without = HasSubstr("without its closing blocks");
    const auto unproven = HasSubstr("pin it");
    EXPECT_THAT(ingest().notes, testing::ElementsAre(testing::AllOf(without, unproven)));
    layers_[0].sha256 = hex(sha256(as_bytes(tar)));
    EXPECT_THAT(ingest().notes, testing::ElementsAre(testing::AllOf(without, testing::Not(unproven))));
    layers_[0] = add("root.tar.gz", run_ok({"gzip", "-c"}, tar));
    EXPECT_THAT(ingest().notes, testing::ElementsAre(testing::AllOf(without, testing::Not(unproven))));
}

TEST_F(IngestRoot, StopsOnRequest) {
    CancelToken cancel;
    cancel.cancel();
    const CancelToken given_up(&cancel);
    Supervision supervision;
    supervision.cancel = &cancel;
    EXPECT_EQ(error_of([&] { ingest_root(layers_, store_, supervision, given_up); }).code(), ErrorCode::cancelled);
}

TEST_F(IngestRoot, WhatTakesLongIsLeftOutOfARunThatIsGivenUp) {
    const std::string tar = TarMaker().file("etc/hostname", "pi\n").finish();
    layers_ = {add("root.tar.gz", run_ok({"gzip", "-c"}, tar))};
    given_up_.cancel();
    EXPECT_EQ(error_of([&] { ingest(); }).code(), ErrorCode::cancelled);
    EXPECT_EQ(store_.appended(), 0U);

    // What is wrong with the other layers is told all the same.
    layers_.push_back(add("second.tar", "text"));
    refused("text", layers_[1].location);
    layers_[1] = add("second.tar", TarMaker().file("../x", "").finish());
    refused("..", {folder_ / "second.tar", "../x", 0, 0});
    EXPECT_EQ(store_.appended(), 0U);

    layers_ = {add("root.tar", tar)};
    EXPECT_EQ(content_of(ingest().tree, "etc/hostname"), "pi\n") << "nothing was left out";
}

TEST_F(IngestRoot, AFullStoreIsAnIoError) {
    class Full final : public ContentStore {
        void begin(std::uint64_t) override {}
        void append(ByteView) override { throw Error(ErrorCode::io, "no space left"); }
        Content finish() override { return {}; }
    } full;
    layers_[0] = add("root.tar.gz", run_ok({"gzip", "-c"}, TarMaker().file("x", "y").finish()));
    EXPECT_EQ(error_of([&] { ingest_root(layers_, full, {}, given_up_); }).code(), ErrorCode::io);
}

}  // namespace
}  // namespace rpixen::test
